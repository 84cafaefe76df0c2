/* Base64 as people write it, and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/unused.h"

static void what_is_base64_is_decoded(UNUSED void **state)
{
    static const struct {
        const char *text, *data;
        size_t length;
    } cases[] = {
        {"", "", 0},
        {"Zg==", "f", 1},
        {"Zv==", "f", 1},
        {"Zm+=", "fo", 2},
        {"Zm8=", "fo", 2},
        {"Zm9v", "foo", 3},
        {"Zm9v\nYmFy\r\n", "foobar", 6},
        {"AP8+/w==", "\0\xff>\xff", 4},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *data = NULL;
        size_t length = 0;
        assert_int_equal(
            base64_decode(cases[i].text, strlen(cases[i].text), &data, &length, NULL), 0);
        assert_int_equal(length, cases[i].length);
        assert_memory_equal(data, cases[i].data, length + 1);
    }
}

static void what_is_not_is_refused_with_its_place(UNUSED void **state)
{
    static const struct {
        const char *text, *message;
        size_t length; /* 0: that of the text */
    } cases[] = {
        {"Zm9", "it has 3 characters, 0 of them = at the end", 0},
        {"Zm9vZ===", "3 of them = at the end", 0},
        {"Zm9v Zm9v", "\" \" at byte 5 is not one of A-Z", 0},
        {"Zm=v", "\"v\" at byte 4 is not one of A-Z, a-z, 0-9, + and /, with = only at the end", 0},
        {"Zm-_",
            "\"-\" at byte 3 is not one of A-Z, a-z, 0-9, + and /, with = only at the end "
            "(it looks like the alphabet for URLs",
            0},
        {"Zm\xc3\xb6v", "\"\xc3\xb6\" at byte 3", 0},
        {"Zm\0v", "\"\\x00\" at byte 3", 4},
        {"Zm9\xc3", "\"\\xc3\" at byte 4", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        size_t length = cases[i].length != 0 ? cases[i].length : strlen(cases[i].text);
        char *data = NULL;
        size_t data_length = 0;
        assert_int_equal(base64_decode(cases[i].text, length, &data, &data_length, &error), -1);
        assert_null(data);
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("%zu: %s", i, error->message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_base64_is_decoded),
        cmocka_unit_test(what_is_not_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
