/* JSON as Go writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_go.h"
#include "base/unused.h"

static void test_text(UNUSED void **state)
{
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"{ \"b\": [1, 2.5, null, true], \"a\": {} }", "{\"b\":[1,2.5,null,true],\"a\":{}}"},
        {"\"a <b> && c\"", "\"a \\u003cb\\u003e \\u0026\\u0026 c\""},
        {"{\"<\": \"\\\\u001F\"}", "{\"\\u003c\":\"\\\\u001F\"}"},
        {"\"\\u001F\\u0001\\n\\t\\\"\\\\\"", "\"\\u001f\\u0001\\n\\t\\\"\\\\\""},
        {"\"\\u2028\\u2029\\u202a\xc3\xb6\"", "\"\\u2028\\u2029\xe2\x80\xaa\xc3\xb6\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *value = json_parse(cases[i].value, strlen(cases[i].value), 8, NULL);
        auto_free char *text = json_go_text(value);
        assert_string_equal(text, cases[i].text);
    }
    assert_null(json_go_text(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
