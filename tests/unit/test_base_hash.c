/* The hash of tables whose keys others choose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"

static const char text[] = "vms/virt-launcher-a";

/* Source: the paper's appendix A, with its key and its message of 15 bytes. */
static void the_paper_has_the_same(UNUSED void **state)
{
    static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    unsigned char message[15];
    for (unsigned char i = 0; i < sizeof(message); i++)
        message[i] = i;
    assert_true(hash_sip(key, message, sizeof(message)) == 0xa129ca6149be45e5);
}

static void every_byte_counts(UNUSED void **state)
{
    static const uint64_t key[2] = {1, 2};
    char bytes[32] = {0};
    uint64_t seen = hash_sip(key, bytes, 0);
    for (size_t length = 1; length <= sizeof(bytes); length++) {
        uint64_t zero = hash_sip(key, bytes, length);
        assert_true(zero != seen);
        bytes[length - 1] = 1;
        assert_true(hash_sip(key, bytes, length) != zero);
        bytes[length - 1] = 0;
        seen = zero;
    }
}

/* This program, started again, prints its hash and ends. */
static unsigned hash_of_another_process(void)
{
    auto_free char *line = NULL;
    size_t size = 0;
    setenv("PRINT_HASH", "1", 1);
    FILE *other = popen("/proc/$PPID/exe", "re");
    unsetenv("PRINT_HASH");
    assert_non_null(other);
    assert_true(getline(&line, &size, other) > 0);
    assert_int_equal(pclose(other), 0);
    return (unsigned)strtoul(line, NULL, 10);
}

static void each_process_has_its_own(UNUSED void **state)
{
    unsigned own = hash_seeded(text, strlen(text));
    assert_int_equal(own, hash_seeded(text, strlen(text)));
    /* one of many may be equal by chance, but not each of three */
    bool differs = false;
    for (int i = 0; i < 3 && !differs; i++)
        differs = hash_of_another_process() != own;
    assert_true(differs);
}

int main(void)
{
    if (getenv("PRINT_HASH") != NULL)
        return printf("%u\n", hash_seeded(text, strlen(text))) < 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_paper_has_the_same),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(each_process_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
