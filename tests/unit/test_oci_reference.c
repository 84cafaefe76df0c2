/* References: what is left out is filled in, what is wrong is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unused.h"
#include "oci/reference.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void what_is_left_out_is_filled_in(UNUSED void **state)
{
    static const struct {
        const char *text, *whole;
    } cases[] = {
        {"debian", "docker.io/library/debian:latest"},
        {"user/debian:12", "docker.io/user/debian:12"},
        {"docker.io/a/b", "docker.io/a/b:latest"},
        {"localhost/a", "localhost/a:latest"},
        {"localhost:5000/a:b", "localhost:5000/a:b"},
        {"[::1]:5000/vms/a:b", "[::1]:5000/vms/a:b"},
        {"quay.io/a/b/c__d--e.f:V_1.0-x", "quay.io/a/b/c__d--e.f:V_1.0-x"},
        {"quay.io/a@" DIGEST, "quay.io/a@" DIGEST},
        {"quay.io/a:t@" DIGEST, "quay.io/a:t@" DIGEST},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_reference reference;
        assert_int_equal(oci_reference_parse(cases[i].text, &reference, NULL), 0);
        auto_free char *whole = oci_reference_text(&reference);
        assert_string_equal(whole, cases[i].whole);
        oci_reference_clear(&reference);
    }
}

static void what_is_wrong_is_said(UNUSED void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "\"library/\" is not a repository: lowercase letters"},
        {"Debian", "\"library/Debian\" is not a repository"},
        {"https://quay.io/a", "leave out what is before the host"},
        {"quay.io/", "\"\" is not a repository"},
        {"quay.io/a//b", "\"a//b\" is not a repository"},
        {"quay.io/../b", "\"../b\" is not a repository"},
        {"quay.io/a_-b", "\"a_-b\" is not a repository"},
        {"quay.io:99999/a", "\"quay.io:99999\" is not a host, or HOST:PORT"},
        {"[::1/a.b/c", "is not a host"},
        {"-a.b/c", "\"-a.b\" is not a host"},
        {"a/b:", "\"\" is not a tag: at most 128"},
        {"a/b:-x", "\"-x\" is not a tag"},
        {"a/b@sha256:12", "\"sha256:12\" is not a digest: sha256: and 64 lowercase"},
        {"a/b\n:1", "\"a/b\\x0a\" is not a repository"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_reference reference;
        auto_error struct error *error = NULL;
        assert_int_equal(oci_reference_parse(cases[i].text, &reference, &error), -1);
        assert_int_equal(error->class, ERROR_USAGE);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].text, error->message);
    }
}

static void a_name_has_at_most_255_bytes(UNUSED void **state)
{
    char name[400];
    struct oci_reference reference;
    memset(name, 'a', sizeof(name));
    memcpy(name, "quay.io/", strlen("quay.io/"));
    name[255] = '\0';
    assert_int_equal(oci_reference_parse(name, &reference, NULL), 0);
    oci_reference_clear(&reference);
    memcpy(name + 255, "a", 2);
    assert_int_equal(oci_reference_parse(name, &reference, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_is_filled_in),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_name_has_at_most_255_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
