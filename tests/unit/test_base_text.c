/* Text: UTF-8, numbers, durations, nearly right names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"

static void utf8_is_told_from_other_bytes(UNUSED void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        long bad_at; /* -1: well-formed */
    } cases[] = {
        {"", 0, -1},
        {"plain", 5, -1},
        {"a\0b", 3, -1},
        {"\xC3\xA9", 2, -1},
        {"\xE2\x82\xAC", 3, -1},
        {"\xF0\x9F\x98\x80", 4, -1},
        {"ab\x80", 3, 2}, /* a stray continuation */
        {"\xC0\xAF", 2, 0}, /* overlong */
        {"\xE0\x9F\xBF", 3, 0}, /* overlong */
        {"\xED\xA0\x80", 3, 0}, /* a surrogate */
        {"\xF4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
        {"x\xE2\x82", 3, 1}, /* cut off */
        {"\xE2\x28\xA1", 3, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t bad_at = 0;
        bool good = text_is_utf8(cases[i].bytes, cases[i].length, &bad_at);
        assert_int_equal(good, cases[i].bad_at < 0);
        if (!good)
            assert_int_equal(bad_at, cases[i].bad_at);
    }
}

static void printable_text_is_one_safe_line(UNUSED void **state)
{
    static const struct {
        const char *in;
        size_t max;
        const char *out;
    } cases[] = {
        {"plain", 10, "plain"},
        {"caf\xC3\xA9", 10, "caf\xC3\xA9"},
        {"a\nb\x1B[31m", 20, "a\\x0ab\\x1b[31m"},
        {"bad\xFF"
         "byte",
            20, "bad\\xffbyte"},
        {"\xC2\x9B"
         "31m",
            20, "\\xc2\\x9b31m"},
        {"0123456789", 4, "0123…"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *out = text_printable(cases[i].in, strlen(cases[i].in), cases[i].max);
        assert_string_equal(out, cases[i].out);
    }
}

static void integers_are_whole_and_in_range(UNUSED void **state)
{
    static const struct {
        const char *text;
        bool good;
        long value;
    } cases[] = {
        {"0", true, 0},
        {"64", true, 64},
        {"-1", true, -1},
        {"65", false, 0},
        {"-2", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1x", false, 0},
        {"99999999999999999999", false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        long value = 0;
        assert_int_equal(text_parse_int(cases[i].text, -1, 64, &value), cases[i].good);
        assert_int_equal(value, cases[i].value);
    }
}

static void durations_have_one_unit(UNUSED void **state)
{
    static const struct {
        const char *text;
        int64_t milliseconds; /* 0: refused */
    } cases[] = {
        {"30", 30000},
        {"30s", 30000},
        {"1.5s", 1500},
        {"250ms", 250},
        {"2m", 120000},
        {"24h", 86400000},
        {"25h", 0},
        {"0", 0},
        {"-1s", 0},
        {"", 0},
        {"s", 0},
        {"1d", 0},
        {"1.2.3s", 0},
        {"1m30s", 0},
        {"nan", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t milliseconds = 0;
        bool good = text_parse_duration(cases[i].text, &milliseconds);
        assert_int_equal(good, cases[i].milliseconds != 0);
        assert_int_equal(milliseconds, cases[i].milliseconds);
    }
}

static void the_nearest_name_is_suggested(UNUSED void **state)
{
    static const char *const names[] = {"Directory", "DirectoryOrCreate", "File", "Socket"};
    static const struct {
        const char *name;
        const char *hint;
    } cases[] = {
        {"Dir", " (did you mean \"Directory\"?)"},
        {"directory", " (did you mean \"Directory\"?)"},
        {"Drectory", " (did you mean \"Directory\"?)"},
        {"Fiel", " (did you mean \"File\"?)"},
        {"DirectoryOrCreat", " (did you mean \"DirectoryOrCreate\"?)"},
        {"Banana", ""},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *hint = suggest_hint(cases[i].name, names, ARRAY_SIZE(names));
        assert_string_equal(hint, cases[i].hint);
    }
    static const char *const alike[] = {"disks", "disk0", "Volume"};
    assert_string_equal(suggest_only("volumes", alike, ARRAY_SIZE(alike)), "Volume");
    assert_string_equal(suggest_only("DISKS", alike, ARRAY_SIZE(alike)), "disks");
    assert_null(suggest_only("disk", alike, ARRAY_SIZE(alike)));
    assert_non_null(suggest_nearest("disk", alike, ARRAY_SIZE(alike)));
    auto_free char *list = text_list(names, ARRAY_SIZE(names));
    assert_string_equal(list, "Directory, DirectoryOrCreate, File or Socket");
}

static void prefixes_and_suffixes(UNUSED void **state)
{
    assert_true(text_starts_with("hook-sidecar-0", "hook-"));
    assert_false(text_starts_with("hook", "hook-"));
    assert_true(text_ends_with("shim.sock", ".sock"));
    assert_false(text_ends_with("ock", ".sock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(printable_text_is_one_safe_line),
        cmocka_unit_test(integers_are_whole_and_in_range),
        cmocka_unit_test(durations_have_one_unit),
        cmocka_unit_test(the_nearest_name_is_suggested),
        cmocka_unit_test(prefixes_and_suffixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
