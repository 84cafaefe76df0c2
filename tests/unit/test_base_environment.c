/* Environments in which each name occurs once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "base/memory.h"
#include "base/unused.h"

enum { MOST = 6 };

static void each_name_occurs_once(UNUSED void **state)
{
    static const struct {
        const char *variables[MOST], *set[MOST], *wanted[MOST];
    } cases[] = {
        {{NULL}, {NULL}, {NULL}},
        {{"A=1", "B=2"}, {NULL}, {"A=1", "B=2"}},
        {{"A=1", "B=2"}, {"B=3", "C=4"}, {"A=1", "B=3", "C=4"}},
        {{"A=1"}, {"A=2", "A=3"}, {"A=3"}}, /* the last one set */
        {{"A=1", "A=2"}, {NULL}, {"A=1"}}, /* the one that getenv finds */
        {{"A=1", "A=2"}, {"A=3"}, {"A=3"}},
        {{"AB=1", "A=2"}, {"ABC=3", "A=B=4"}, {"AB=1", "A=B=4", "ABC=3"}},
        {{"A", "=1", ""}, {"A=2", "=3"}, {"A=2", "=3"}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free const char **list = environment_with(cases[i].variables, cases[i].set);
        size_t index = 0;
        for (; cases[i].wanted[index] != NULL; index++)
            assert_string_equal(list[index], cases[i].wanted[index]);
        assert_null(list[index]);
    }
}

static void nothing_set(UNUSED void **state)
{
    static const char *const variables[] = {"A=1", NULL};
    auto_free const char **list = environment_with(variables, NULL);
    assert_string_equal(list[0], "A=1");
    assert_null(list[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_occurs_once),
        cmocka_unit_test(nothing_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
