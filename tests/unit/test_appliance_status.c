/* Statuses of objects: conditions, errors, and how they are said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/operation.h"
#include "appliance/status.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

static void test_conditions(UNUSED void **state)
{
    auto_json json_t *object =
        json_loads("{\"status\": {\"error\": {\"message\": \"disk full\"}, \"conditions\": ["
                   "{\"type\": \"Ready\", \"status\": \"False\", \"reason\": \"PodPending\"},"
                   "{\"type\": \"Progressing\", \"status\": \"True\", \"message\": \"half\", "
                   "\"reason\": \"X\"},"
                   "7, {\"type\": 3}, {\"type\": \"Bound\", \"status\": \"True\"}]}}",
            0, NULL);
    auto_free char *all = appliance_status_all(object);
    assert_string_equal(all, "disk full; Ready is False (PodPending); Progressing is True (half); "
                             "a condition is Unknown; a condition is Unknown; Bound is True");
    assert_true(appliance_status_is_true(object, "Bound"));
    assert_false(appliance_status_is_true(object, "Ready"));
    assert_false(appliance_status_is_true(object, "Missing"));
    assert_string_equal(
        appliance_status_words(appliance_status_condition(object, "Progressing")), "half");
    assert_string_equal(appliance_status_words(NULL), "");
    assert_string_equal(appliance_status_text(object, "phase"), "");
}

static void test_bad_statuses(UNUSED void **state)
{
    static const char *const objects[] = {"{}", "{\"status\": null}", "{\"status\": []}",
        "{\"status\": {\"conditions\": {}}}", "{\"status\": {\"error\": \"text\"}}"};
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        auto_json json_t *object = json_loads(objects[i], 0, NULL);
        auto_free char *all = appliance_status_all(object);
        assert_string_equal(all, "");
        assert_null(appliance_status_error(object));
        assert_false(appliance_status_is_running(object));
        assert_false(appliance_status_is_ending(object));
    }
}

static void test_long_words_are_cut(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    char *words = xmalloc(100001);
    memset(words, 'x', 100000);
    words[100000] = '\0';
    words[7] = '\n';
    assert_int_equal(appliance_status_fail("it failed", words, &error), -1);
    assert_true(strlen(error->message) < 3000);
    assert_non_null(strstr(error->message, "it failed: xxxxxxx\\x0ax"));
    free(words);
}

static void test_same(UNUSED void **state)
{
    static const struct {
        const char *existing, *ours;
        bool same;
    } cases[] = {
        {"{\"spec\": {\"a\": {\"b\": 1}}}", "{\"spec\": {\"a\": {\"b\": 1}}}", true},
        {"{\"spec\": {\"a\": {\"b\": 1, \"c\": 2}, \"d\": 3}}", "{\"spec\": {\"a\": {\"b\": 1}}}",
            true},
        {"{\"spec\": {\"a\": {\"b\": 2}}}", "{\"spec\": {\"a\": {\"b\": 1}}}", false},
        {"{\"spec\": {\"a\": 1}}", "{\"spec\": {\"a\": {\"b\": 1}}}", false},
        {"{\"spec\": {}}", "{\"spec\": {\"a\": {}}}", false},
        {"{}", "{\"spec\": {\"a\": 1}}", false},
        {"{\"spec\": {\"a\": [1]}}", "{\"spec\": {\"a\": [1, 2]}}", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *existing = json_loads(cases[i].existing, 0, NULL);
        auto_json json_t *ours = json_loads(cases[i].ours, 0, NULL);
        assert_int_equal(appliance_operation_same(existing, ours), cases[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_bad_statuses),
        cmocka_unit_test(test_long_words_are_cut),
        cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
