/* SHA-256, whole and in pieces, and HMAC-SHA-256. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/unused.h"
#include "tls/hmac.h"
#include "tls/digest.h"
#include "tls/sha256.h"

/* FIPS 180-4, the examples. */
static void pieces_have_the_digest_of_the_whole(UNUSED void **state)
{
    static const struct {
        const char *text, *digits;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char digits[TLS_DIGEST_MAX_DIGITS + 1];
        tls_sha256(cases[i].text, strlen(cases[i].text), digits);
        assert_string_equal(digits, cases[i].digits);
        auto_tls_digest struct tls_digest *sum = tls_digest_new(TLS_DIGEST_SHA256);
        for (const char *at = cases[i].text; *at != '\0'; at++)
            tls_digest_add(sum, at, 1);
        tls_digest_finish(sum, digits);
        assert_string_equal(digits, cases[i].digits);
    }
}

/* RFC 4231, cases 1, 2 and 6. */
static void a_code_needs_the_key(UNUSED void **state)
{
    static const struct {
        const char *key;
        size_t key_length; /* of the first byte, repeated, if there is only one */
        const char *data;
        unsigned char start[4]; /* of the code */
    } cases[] = {
        {"\x0b", 20, "Hi There", {0xb0, 0x34, 0x4c, 0x61}},
        {"Jefe", 4, "what do ya want for nothing?", {0x5b, 0xdc, 0xc1, 0x46}},
        {"\xaa", 131, "Test Using Larger Than Block-Size Key - Hash Key First",
            {0x60, 0xe4, 0x31, 0x59}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char key[200];
        unsigned char code[TLS_HMAC_BYTES];
        memset(key, cases[i].key[0], sizeof(key));
        memcpy(key, cases[i].key, strlen(cases[i].key));
        tls_hmac_sha256(key, cases[i].key_length, cases[i].data, strlen(cases[i].data), code);
        assert_memory_equal(code, cases[i].start, sizeof(cases[i].start));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_have_the_digest_of_the_whole),
        cmocka_unit_test(a_code_needs_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
