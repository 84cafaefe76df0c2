/* Base64 and SHA-256, with the examples of RFC 4648 and FIPS 180. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "tls/base64.h"
#include "tls/sha256.h"

static void base64_goes_both_ways(UNUSED void **state)
{
    /* Source: RFC 4648, section 10. */
    static const struct {
        const char *plain, *encoded;
    } cases[] = {
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *encoded = tls_base64_encode(cases[i].plain);
        auto_free char *plain = tls_base64_decode(cases[i].encoded, strlen(cases[i].encoded));
        assert_string_equal(encoded, cases[i].encoded);
        assert_string_equal(plain, cases[i].plain);
    }
    assert_null(tls_base64_decode("Zm9v!", 5));
}

static void sha256_is_that_of_the_standard(UNUSED void **state)
{
    char digits[TLS_SHA256_DIGITS + 1];
    tls_sha256("abc", 3, digits);
    assert_string_equal(digits, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tls_sha256("", 0, digits);
    assert_string_equal(digits, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(sha256_is_that_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
