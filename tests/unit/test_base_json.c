/* JSON: parsing with places and limits, JSON pointers, and items found by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/unused.h"

static void bad_json_is_refused_with_its_place(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *message; /* what the error contains */
    } cases[] = {
        {"", "line 1, column 1"},
        {"{\"a\": 1,\n \"a\": 2}", "line 2"},
        {"[1, 2", "line 1"},
        {"[1]]", "end of file expected"},
        {"[\"a\\u0000\"]", "not valid JSON: a string contains a zero byte (\\u0000)"},
        {"\"\xFF\"", "not valid JSON"},
        {"[[[[1]]]]", "deeper than 3 levels"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        assert_null(json_parse(cases[i].text, strlen(cases[i].text), 3, &err));
        assert_int_equal(err->class, ERROR_INPUT);
        assert_non_null(strstr(err->message, cases[i].message));
    }
}

static void a_fault_has_its_place(UNUSED void **state)
{
    static const struct {
        const char *text;
        struct json_fault fault;
    } cases[] = {
        {"", {1, 1, 0}},
        {"[1,\n {\"é\": x}]", {2, 8, 12}},
        {"[\"é\" 2]", {1, 6, 6}},
        {"[1", {1, 2, 1}},
        {"[[[[1]]]]", {0, 0, 0}},
        {"[[1]]", {0, 0, 0}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct json_fault fault;
        size_t length = strlen(cases[i].text);
        auto_json json_t *value = json_parse_placed(cases[i].text, length, 3, &fault, NULL);
        assert_int_equal(fault.line, cases[i].fault.line);
        assert_int_equal(fault.column, cases[i].fault.column);
        assert_int_equal(fault.byte, cases[i].fault.byte);
        assert_int_equal(value != NULL, i + 1 == ARRAY_SIZE(cases));
    }
}

static void depth_ten_thousand_is_an_error(UNUSED void **state)
{
    enum { DEPTH = 10000 };
    char text[DEPTH];
    memset(text, '[', DEPTH);
    auto_error struct error *err = NULL;
    assert_null(json_parse(text, DEPTH, 16, &err));
    assert_string_equal(err->message, "JSON is nested deeper than 16 levels");
}

static void depth_is_counted(UNUSED void **state)
{
    static const struct {
        const char *text;
        size_t depth;
    } cases[] = {{"1", 0}, {"[]", 1}, {"{}", 1}, {"[{\"a\": []}, 2]", 3}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *value = json_parse(cases[i].text, strlen(cases[i].text), 16, NULL);
        assert_int_equal(json_depth(value, 16), cases[i].depth);
    }
}

static void pointers_are_made_and_followed(UNUSED void **state)
{
    static const char text[] = "{\"a/b\": {\"m~n\": [10, {\"x\": 11}]}}";
    auto_json json_t *root = json_parse(text, strlen(text), 16, NULL);
    auto_free char *slash = json_pointer_join("", "a/b");
    auto_free char *tilde = json_pointer_join(slash, "m~n");
    auto_free char *item = json_pointer_index(tilde, 1);
    assert_string_equal(item, "/a~1b/m~0n/1");
    assert_ptr_equal(json_pointer_get(root, ""), root);
    assert_int_equal(json_integer_value(json_pointer_get(root, "/a~1b/m~0n/0")), 10);
    assert_int_equal(json_integer_value(json_pointer_get(root, "/a~1b/m~0n/1/x")), 11);
    assert_null(json_pointer_get(root, "/a~1b/m~0n/2"));
    assert_null(json_pointer_get(root, "/a~1b/m~0n/-1"));
    assert_null(json_pointer_get(root, "/nothing/below"));
}

static void items_are_found_by_name(UNUSED void **state)
{
    static const char text[] = "[1, {}, {\"name\": 2}, {\"name\": \"b\"}, {\"name\": \"b\"}]";
    auto_json json_t *list = json_parse(text, strlen(text), 16, NULL);
    size_t index = 0;
    assert_ptr_equal(json_item_named(list, "b", &index), json_array_get(list, 3));
    assert_int_equal(index, 3);
    assert_null(json_item_named(list, "a", &index));
    assert_null(json_item_named(NULL, "b", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_json_is_refused_with_its_place),
        cmocka_unit_test(a_fault_has_its_place),
        cmocka_unit_test(depth_ten_thousand_is_an_error),
        cmocka_unit_test(depth_is_counted),
        cmocka_unit_test(pointers_are_made_and_followed),
        cmocka_unit_test(items_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
