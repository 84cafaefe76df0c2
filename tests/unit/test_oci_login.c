/* Challenges of registries, where credentials may go, and where they are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"
#include "oci/challenge.h"
#include "oci/credentials.h"
#include "oci/login.h"
#include "oci/wire.h"
#include "tests/unit/directory.h"

static void challenges_are_read(UNUSED void **state)
{
    static const struct {
        const char *header;
        bool basic, bearer;
        const char *realm, *service, *scope;
    } cases[] = {
        {"Basic realm=\"x\"", true, false, "", "", ""},
        {"basic", true, false, "", "", ""},
        {"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a:pull,push\"", false, true,
            "https://a/t", "s", "repository:a:pull,push"},
        {"bearer Realm = https ,SERVICE=s", false, true, "https", "s", ""},
        {"Negotiate, Bearer realm=\"a\\\"b\", Basic realm=\"c\"", true, true, "a\"b", "", ""},
        {"Digest realm=\"d\", nonce=\"n\", Bearer realm=\"r\"", false, true, "r", "", ""},
        {"Bearer realm=\"one\", Bearer realm=\"two\",service=\"s\"", false, true, "one", "", ""},
        {"Bearer realm=\"not ended", false, true, "", "", ""},
        {"Bearer realm=", false, true, "", "", ""},
        {"\"Basic\"", false, false, "", "", ""},
        {"", false, false, "", "", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_challenge challenge = {0};
        oci_challenge_read(&challenge, cases[i].header);
        assert_int_equal(challenge.basic, cases[i].basic);
        assert_int_equal(challenge.bearer, cases[i].bearer);
        assert_string_equal(text_or(challenge.realm, ""), cases[i].realm);
        assert_string_equal(text_or(challenge.service, ""), cases[i].service);
        assert_string_equal(text_or(challenge.scope, ""), cases[i].scope);
        oci_challenge_clear(&challenge);
    }
}

static void credentials_go_to_the_registry_and_to_whom_it_vouches_for(UNUSED void **state)
{
    static const struct {
        const char *registry, *realm, *refusal; /* NULL: it gets them */
    } cases[] = {
        {"https://registry-1.docker.io", "https://auth.docker.io/token", NULL},
        {"https://quay.io", "https://quay.io/v2/auth", NULL},
        {"https://a.test:5000", "https://A.test/auth", NULL},
        {"http://localhost:5000", "http://localhost:5001/token", NULL},
        {"http://localhost:5000", "https://localhost/token", NULL},
        {"http://localhost:5000", "http://127.0.0.1:5001/token", "is on another host"},
        {"http://a.test", "https://b.test/token", "is on another host"},
        {"https://a.test", "http://a.test/token", "is not encrypted"},
        {"https://a.test", "http://b.test/token", "is not encrypted"},
        {"https://a.test", "https://a.test@b.test/token", "is not a URL of HTTP without a user"},
        {"https://a.test", "file:///etc/passwd", "is not a URL of HTTP"},
        {"https://a.test", "/token", "is not a URL of HTTP"},
        {"https://a.test", "", "is not a URL of HTTP"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        int result = oci_login_trust_realm(cases[i].registry, cases[i].realm, &error);
        if ((result == 0) != (cases[i].refusal == NULL))
            fail_msg("%s, %s", cases[i].registry, cases[i].realm);
        if (cases[i].refusal != NULL) {
            assert_int_equal(error->class, ERROR_POLICY);
            assert_non_null(strstr(error->message, cases[i].refusal));
        }
    }
}

static void plain_http_must_be_asked_for(UNUSED void **state)
{
    static const struct {
        const char *url;
        bool asked, allowed;
    } cases[] = {
        {"https://a.test/v2/", false, true},
        {"http://a.test/v2/", false, false},
        {"http://a.test/v2/", true, true},
        {"http://localhost:5000/v2/", false, true},
        {"http://[::1]:5000/v2/", false, true},
        {"http://127.0.0.1.a.test/v2/", false, false},
        {"https://user@a.test/v2/", true, false},
        {"file:///etc/passwd", true, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct oci_wire_options options = {.plain_http = cases[i].asked};
        struct oci_wire *wire = oci_wire_new(&options);
        auto_error struct error *error = NULL;
        assert_int_equal(oci_wire_allow(wire, cases[i].url, &error), cases[i].allowed ? 0 : -1);
        assert_true(cases[i].allowed || error->class == ERROR_POLICY);
        oci_wire_free(wire);
    }
}

/* "dTpw" is u:p, "djpw" v:p. */
static void the_most_specific_entry_counts(UNUSED void **state)
{
    static const struct {
        const char *text, *registry, *repository, *username, *elsewhere;
    } cases[] = {
        {"{\"auths\":{\"q.io\":{\"auth\":\"dTpw\"}}}", "q.io", "a/b", "u", NULL},
        {"{\"auths\":{\"q.io\":{\"auth\":\"dTpw\"},\"q.io/a\":{\"auth\":\"djpw\"}}}", "q.io", "a/b",
            "v", NULL},
        {"{\"auths\":{\"q.io/a/b\":{\"auth\":\"djpw\"}}}", "q.io", "a", NULL, NULL},
        {"{\"auths\":{\"q.io/a\":{\"auth\":\"djpw\"}}}", "q.io", "ab", NULL, NULL},
        {"{\"auths\":{\"https://q.io/v1/\":{\"auth\":\"dTpw\"}}}", "q.io", "a", "u", NULL},
        {"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}", "docker.io",
            "library/a", "u", NULL},
        {"{\"auths\":{\"q.io\":{\"username\":\"w\",\"password\":\"p\"}}}", "q.io", "a", "w", NULL},
        {"{\"auths\":{\"q.io\":{}},\"credsStore\":\"desktop\"}", "q.io", "a", NULL,
            "c.json has them in the credential helper docker-credential-desktop, which is not run"},
        {"{\"credHelpers\":{\"q.io\":\"ecr\"}}", "q.io", "a", NULL, "docker-credential-ecr"},
        {"{\"auths\":{\"q.io\":{\"identitytoken\":\"t\"}}}", "q.io", "a", NULL, "identity token"},
        {"{\"credsStore\":\"desktop\"}", "q.io", "a", NULL, NULL},
        {"{}", "q.io", "a", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_credentials found;
        assert_int_equal(oci_credentials_read("c.json", cases[i].text, strlen(cases[i].text),
                             cases[i].registry, cases[i].repository, &found, NULL),
            0);
        assert_string_equal(text_or(found.username, ""), text_or(cases[i].username, ""));
        assert_int_equal(found.elsewhere != NULL, cases[i].elsewhere != NULL);
        if (cases[i].elsewhere != NULL)
            assert_non_null(strstr(found.elsewhere, cases[i].elsewhere));
        oci_credentials_clear(&found);
    }
}

static void a_file_that_is_broken_is_an_error(UNUSED void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[", "c.json: "},
        {"{\"auths\":{\"q.io\":{\"auth\":\"dQ==\"}}}",
            "c.json: auths[\"q.io\"].auth is not USER:PASSWORD in Base64"},
        {"{\"auths\":{\"q.io\":{\"auth\":\"?\"}}}", "is not USER:PASSWORD in Base64"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_credentials found;
        auto_error struct error *error = NULL;
        assert_int_equal(oci_credentials_read("c.json", cases[i].text, strlen(cases[i].text),
                             "q.io", "a", &found, &error),
            -1);
        assert_non_null(strstr(error->message, cases[i].message));
        oci_credentials_clear(&found);
    }
}

static void write_auth(const char *directory, const char *path, const char *auth)
{
    auto_free char *whole = file_join(directory, path);
    auto_free char *folder = xstrndup(whole, (size_t)(strrchr(whole, '/') - whole));
    auto_free char *text = xasprintf("{\"auths\":{\"q.io\":{\"auth\":\"%s\"}}}", auth);
    assert_int_equal(file_make_directories(folder, 0700, NULL), 0);
    assert_int_equal(file_write(whole, text, strlen(text), 0600, NULL), 0);
}

static void expect_user(const char *username)
{
    struct oci_credentials found;
    assert_int_equal(oci_credentials_find("q.io", "a", &found, NULL), 0);
    assert_string_equal(text_or(found.username, "none"), username);
    oci_credentials_clear(&found);
}

static void files_are_read_in_their_order(void **state)
{
    auto_free char *only = file_join(*state, "only.json");
    auto_free char *missing = file_join(*state, "missing.json");
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("DOCKER_CONFIG");
    unsetenv("REGISTRY_AUTH_FILE");
    setenv("HOME", *state, 1);
    expect_user("none");
    write_auth(*state, ".docker/config.json", "dTpw"); /* u:p */
    expect_user("u");
    write_auth(*state, ".config/containers/auth.json", "djpw"); /* v:p */
    expect_user("v");
    write_auth(*state, "only.json", "dzpw"); /* w:p */
    setenv("REGISTRY_AUTH_FILE", only, 1);
    expect_user("w");
    setenv("REGISTRY_AUTH_FILE", missing, 1);
    struct oci_credentials found;
    assert_int_equal(oci_credentials_find("q.io", "a", &found, NULL), -1);
    unsetenv("REGISTRY_AUTH_FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges_are_read),
        cmocka_unit_test(credentials_go_to_the_registry_and_to_whom_it_vouches_for),
        cmocka_unit_test(plain_http_must_be_asked_for),
        cmocka_unit_test(the_most_specific_entry_counts),
        cmocka_unit_test(a_file_that_is_broken_is_an_error),
        IN_DIRECTORY(files_are_read_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
