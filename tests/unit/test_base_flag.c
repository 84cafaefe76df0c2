/* What the command lines of all programs have in common: refusals, durations and the help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/flag.h"

static void a_refused_word_gets_a_reason(void **state)
{
    (void)state;
    static const char *const names[] = {"timeout", "dry-run", "help"};
    static const struct {
        const char *word;
        const char *message;
    } cases[] = {
        {"--timout=3s", "unknown flag \"--timout\" (did you mean \"--timeout\"?)"},
        {"-dryrun", "unknown flag \"-dryrun\" (did you mean \"--dry-run\"?)"},
        {"--wibble", "unknown flag \"--wibble\""},
        {"-x", "unknown flag \"-x\""},
        {"--dry-run=true", "--dry-run takes no value"},
        {"--help=", "--help takes no value"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        assert_int_equal(flag_refuse(cases[i].word, names, ARRAY_SIZE(names), &error), -1);
        assert_int_equal(error->class, ERROR_USAGE);
        assert_string_equal(error->message, cases[i].message);
    }
}

static void a_duration_is_parsed_or_refused(void **state)
{
    (void)state;
    int64_t milliseconds = 0;
    assert_int_equal(flag_parse_duration("grace", "1.5s", &milliseconds, NULL), 0);
    assert_int_equal(milliseconds, 1500);
    auto_error struct error *error = NULL;
    assert_int_equal(flag_parse_duration("grace", "25h", &milliseconds, &error), -1);
    assert_int_equal(error->class, ERROR_USAGE);
    assert_string_equal(
        error->message, "--grace: \"25h\" is no duration from 1ms to 24h: write 30s, 250ms or 2m");
}

static void help_stays_in_its_column(void **state)
{
    (void)state;
    auto_free char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    flag_describe(out, 10, "-h, --help", "show this help");
    flag_describe(out, 10, "--grace", "how long\nit may take");
    fclose(out);
    assert_string_equal(text, "  -h, --help show this help\n"
                              "  --grace    how long\n"
                              "             it may take\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_word_gets_a_reason),
        cmocka_unit_test(a_duration_is_parsed_or_refused),
        cmocka_unit_test(help_stays_in_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
