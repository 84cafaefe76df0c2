/* Expressions: what they may give, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/expression.h"
#include "base/text.h"
#include "base/unused.h"

/* Counts through all numbers, so that each character comes up in turn. */
static uint32_t count_up(void *user, uint32_t limit)
{
    uint32_t *next = user;
    return (*next)++ % limit;
}

static void what_is_generated(UNUSED void **state)
{
    static const struct {
        const char *expression;
        const char *value;
    } cases[] = {
        {"k[0-9]{1}-[a-z0-9]{4}", "k0-bcde"},
        {"[a-c]{3}", "abc"},
        {"[abc]{4}", "abca"},
        {"test[0-9]{12}x", "test012345678901x"},
        {"0x[A-F0-9]{4}", "0xABCD"},
        {"[a-cA-B0]{6}", "abcAB0"},
        {"[a-caa]{4}", "abca"}, /* each character once */
        {"[\\d]{10}", "0123456789"},
        {"[x-A]{4}", "xyzA"},
        {"[Y-1]{4}", "YZ01"},
        {"[a-cxyz]{6}", "abcxyz"},
        {"a]b[c]d[e-f]{2}g[", "a]b[c]d"
                              "ef"
                              "g["},
        {"[a_b]{2}[a-b]{2}", "[a_b]{2}ab"}, /* the first is not a class */
        {"[a]{1}{1}", "a{1}"},
        {"[\\A]{32}", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint32_t next = 0;
        const struct appliance_random random = {.below = count_up, .user = &next};
        auto_error struct error *error = NULL;
        auto_free char *value = appliance_expression_generate(cases[i].expression, &random, &error);
        if (value == NULL || !streq(value, cases[i].value))
            fail_msg("%s: %s", cases[i].expression, value != NULL ? value : error->message);
    }
}

static void which_are_refused(UNUSED void **state)
{
    static const struct {
        const char *expression;
        const char *message;
    } cases[] = {
        {"[a-z]{99999999}", "\"[a-z]{99999999}\" must have a length from 1 to 255"},
        {"[a-z]{99999999999999999999999}", "must have a length from 1 to 255"},
        {"[a-z]{256}", "must have a length from 1 to 255"},
        {"[a-z]{0}", "must have a length from 1 to 255"},
        {"[a-z]{x}", "must have a length from 1 to 255"},
        {"x[z-a]{1}", "\"[z-a]{1}\" has a range that does not run forwards"},
        {"[9-a]{1}", "has a range that does not run forwards"},
        {"[--a]{1}", "has a range that does not run forwards"},
        {"[a-\\]{1}", "has a range that does not run forwards"},
        {"[\\x]{1}", "has a \"\\\" that is not one of \\w, \\d, \\a and \\A"},
        {"[\\]{1}", "has a \"\\\" that is not one of"},
        {"[abc-f]{1}", "has a \"-\" that is no range: write ranges before single characters"},
        {"[a-]{1}", "has a \"-\" that is no range"},
        {"[-]{1}", "has a \"-\" that is no range"},
        {"", "must have a class and its length, such as [a-z0-9]{8}"},
        {"[a-z]", "must have a class and its length"},
        {"[a-z]{}", "must have a class and its length"},
        {"[]{4}", "must have a class and its length"},
        {"[a-z](4)", "must have a class and its length"},
        {"[a-z]{4", "must have a class and its length"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        const struct appliance_random random = {0};
        assert_null(appliance_expression_generate(cases[i].expression, &random, &error));
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].expression, error->message);
    }
}

static void a_value_is_not_too_long(UNUSED void **state)
{
    char expression[17 * sizeof("[a-b]{255}")];
    const struct appliance_random random = {0};
    auto_error struct error *error = NULL;
    expression[0] = '\0';
    for (int i = 0; i < 16; i++)
        strcat(expression, "[a-b]{255}");
    auto_free char *value = appliance_expression_generate(expression, &random, NULL);
    assert_int_equal(strlen(value), 16 * 255);
    strcat(expression, "[a-b]{255}");
    assert_null(appliance_expression_generate(expression, &random, &error));
    assert_string_equal(error->message, "the value would be longer than 4096 bytes");
}

static void what_is_generated_is_not_read_again(UNUSED void **state)
{
    /* symbols may look like an expression */
    const struct appliance_random random = {0};
    for (int i = 0; i < 200; i++) {
        auto_free char *value = appliance_expression_generate("[\\A]{255}", &random, NULL);
        assert_non_null(value);
        assert_int_equal(strlen(value), 255);
    }
}

static void chance_is_uniform_enough(UNUSED void **state)
{
    const struct appliance_random random = {0};
    size_t counts[3] = {0};
    for (int i = 0; i < 30000; i++)
        counts[appliance_random_below(&random, 3)]++;
    for (size_t i = 0; i < 3; i++)
        assert_in_range(counts[i], 9000, 11000); /* 12 standard deviations */
    for (int i = 0; i < 100; i++)
        assert_int_equal(appliance_random_below(&random, 1), 0);
    char name[6];
    char other[6];
    appliance_random_name(&random, 5, name);
    appliance_random_name(&random, 5, other);
    assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"), 5);
    assert_int_equal(name[5], '\0');
    appliance_random_name(&random, 0, other);
    assert_string_equal(other, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_generated),
        cmocka_unit_test(which_are_refused),
        cmocka_unit_test(a_value_is_not_too_long),
        cmocka_unit_test(what_is_generated_is_not_read_again),
        cmocka_unit_test(chance_is_uniform_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
