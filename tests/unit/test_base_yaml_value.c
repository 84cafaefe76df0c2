/* A document inside other text: what is taken, what is refused, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml_value.h"

enum { DEPTH = 4 };

static void what_is_taken(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"a: 1\nb: [x, 'y']\n", "{\"a\": 1, \"b\": [\"x\", \"y\"]}"},
        {"---\na: {b: on}\n---\n# nothing\n", "{\"a\": {\"b\": true}}"},
        {"{a: 1}", "{\"a\": 1}"}, /* not JSON */
        {"[{name: x}]", "[{\"name\": \"x\"}]"},
        {"{\"a\": \"\\ud83d\\ude00\"}", "{\"a\": \"\\ud83d\\ude00\"}"},
        {"text", "\"text\""},
        {"[[[[1]]]]", "[[[[1]]]]"},
        {"a:\n- b:\n  - 1\n", "{\"a\": [{\"b\": [1]}]}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct json_fault fault;
        auto_json json_t *value =
            yaml_value_read(cases[i].text, strlen(cases[i].text), DEPTH, &fault, NULL);
        auto_json json_t *expected = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
        if (!json_equal(value, expected))
            fail_msg("%s", cases[i].text);
    }
}

static void what_is_refused(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *message;
        size_t line, column, byte;
    } cases[] = {
        {"", "is empty", 0, 0, 0},
        {"# only this\n", "is empty", 0, 0, 0},
        {"a: 1\n---\nb: 2\n", "a second document begins here: only one is allowed", 2, 1, 5},
        {"a: &x 1\n", "anchors and aliases (& and *) are not allowed", 1, 4, 3},
        {"a: 1\nb: *x\n", "anchors and aliases (& and *) are not allowed", 2, 4, 8},
        {"a: &x {}\n", "anchors and aliases (& and *) are not allowed", 1, 4, 3},
        {"&x a: 1\n", "anchors and aliases (& and *) are not allowed", 1, 1, 0},
        {"a: &x [1]\n", "anchors and aliases (& and *) are not allowed", 1, 4, 3},
        {"<<: {a: 1}\n", "the merge key << is not allowed", 1, 1, 0},
        {"a: 1\n\xc3\xa4: 2\na: 3\n", "duplicate key \"a\"", 3, 1, 11},
        {"{\"a\": 1, \"a\": 2}", "duplicate key \"a\"", 1, 10, 9},
        {"a: {b: {c: {d: {}}}}\n", "nested deeper than 4 levels", 1, 16, 15},
        {"[[[[[1]]]]]", "nested deeper than 4 levels", 1, 5, 4},
        {"a: [1\n", "did not find expected ',' or ']'", 2, 1, 6},
        {"a: 1\n  b: 2\n", "mapping values are not allowed in this context", 2, 4, 8},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct json_fault fault;
        auto_error struct error *error = NULL;
        assert_null(yaml_value_read(cases[i].text, strlen(cases[i].text), DEPTH, &fault, &error));
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, cases[i].message) == NULL || fault.line != cases[i].line ||
            fault.column != cases[i].column || fault.byte != cases[i].byte)
            fail_msg("%s: %zu:%zu (%zu): %s", cases[i].text, fault.line, fault.column, fault.byte,
                error->message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
