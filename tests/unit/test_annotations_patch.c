/* The JSON patch between two values: applied with the test's own implementation, it turns one into
 * the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "annotations/patch.h"
#include "base/unused.h"
#include "tests/unit/rfc6902.h"

static json_t *parse(const char *text)
{
    json_t *value = json_parse(text, strlen(text), 100, NULL);
    if (value == NULL)
        fail_msg("no JSON: %s", text);
    return value;
}

/* Applies a patch of from to to and checks that it gives to. */
static void check_applies(const json_t *from, const json_t *to, const json_t *patch)
{
    auto_json json_t *result = rfc6902_apply(from, patch);
    auto_free char *text = json_dumps(patch, 0);
    if (result == NULL || !json_equal(result, to))
        fail_msg("the patch does not give what it should: %s", text);
}

static void test_cases(UNUSED void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *patch;
    } cases[] = {
        {"{}", "{}", "[]"},
        {"[1,{\"a\":[]}]", "[1,{\"a\":[]}]", "[]"},
        {"1", "2", "[{\"op\":\"replace\",\"path\":\"\",\"value\":2}]"},
        {"{}", "[]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]"},
        {"{\"a\":1}", "{\"a\":1.5}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1.5}]"},
        {"{\"a\":null}", "{\"a\":false}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":false}]"},
        {"{\"a\":1}", "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]"},
        {"{}", "{\"a/b~c\":null}", "[{\"op\":\"add\",\"path\":\"/a~1b~0c\",\"value\":null}]"},
        {"{\"\":{\"\":1}}", "{\"\":{\"\":2}}",
            "[{\"op\":\"replace\",\"path\":\"//\",\"value\":2}]"},
        {"[]", "[1,2]",
            "[{\"op\":\"add\",\"path\":\"/0\",\"value\":1},"
            "{\"op\":\"add\",\"path\":\"/1\",\"value\":2}]"},
        {"[1,2,3]", "[]",
            "[{\"op\":\"remove\",\"path\":\"/0\"},{\"op\":\"remove\",\"path\":\"/0\"},"
            "{\"op\":\"remove\",\"path\":\"/0\"}]"},
        {"[\"--n\",\"0\",\"x\"]", "[\"--n\",\"1\",\"x\"]",
            "[{\"op\":\"replace\",\"path\":\"/1\",\"value\":\"1\"}]"},
        {"[1,2,3]", "[1,3]", "[{\"op\":\"remove\",\"path\":\"/1\"}]"},
        {"[1,3]", "[1,2,3]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":2}]"},
        /* items with a name are identified by it */
        {"[{\"name\":\"a\",\"x\":1},{\"name\":\"c\"}]",
            "[{\"name\":\"a\",\"x\":2},{\"name\":\"b\"},{\"name\":\"c\",\"y\":[]}]",
            "[{\"op\":\"replace\",\"path\":\"/0/x\",\"value\":2},"
            "{\"op\":\"add\",\"path\":\"/1\",\"value\":{\"name\":\"b\"}},"
            "{\"op\":\"add\",\"path\":\"/2/y\",\"value\":[]}]"},
        /* and by their path when one volume is mounted twice */
        {"[{\"name\":\"v\",\"mountPath\":\"/b\"}]",
            "[{\"name\":\"v\",\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/b\"}]",
            "[{\"op\":\"add\",\"path\":\"/0\",\"value\":{\"name\":\"v\",\"mountPath\":\"/a\"}}]"},
        /* one of two that are the same */
        {"[{\"name\":\"v\"},{\"name\":\"v\"}]", "[{\"name\":\"v\"}]",
            "[{\"op\":\"remove\",\"path\":\"/1\"}]"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *from = parse(cases[i].from);
        auto_json json_t *to = parse(cases[i].to);
        auto_json json_t *expected = parse(cases[i].patch);
        auto_json json_t *patch = annotations_patch(from, to);
        auto_free char *text = json_dumps(patch, 0);
        assert_non_null(text);
        if (!json_equal(patch, expected))
            fail_msg("%s to %s gave %s", cases[i].from, cases[i].to, text);
        check_applies(from, to, patch);
    }
}

/* A small value with names, paths and repeats in it. */
static json_t *random_value(unsigned *seed, int depth)
{
    static const char *const keys[] = {"name", "mountPath", "a/b", "c~d", ""};
    static const char *const texts[] = {"x", "y", "z"};
    int kind = rand_r(seed) % (depth > 0 ? 6 : 3);
    size_t count = (size_t)(rand_r(seed) % 5);
    json_t *value = NULL;
    switch (kind) {
    case 0:
        return json_integer(rand_r(seed) % 3);
    case 1:
        return json_string(texts[rand_r(seed) % 3]);
    case 2:
        return json_null();
    case 3:
        value = json_array();
        while (count-- > 0)
            json_array_append_new(value, random_value(seed, depth - 1));
        return value;
    default:
        value = json_object();
        while (count-- > 0) {
            const char *key = keys[rand_r(seed) % 5];
            bool text = streq(key, "name") && rand_r(seed) % 4 > 0;
            json_object_set_new(value, key,
                text ? json_string(texts[rand_r(seed) % 3]) : random_value(seed, depth - 1));
        }
        return value;
    }
}

static void test_any_two_values(UNUSED void **state)
{
    for (unsigned round = 0; round < 3000; round++) {
        unsigned seed = round;
        auto_json json_t *from = random_value(&seed, 4);
        auto_json json_t *to = random_value(&seed, 4);
        auto_json json_t *patch = annotations_patch(from, to);
        check_applies(from, to, patch);
        auto_json json_t *nothing = annotations_patch(to, to);
        assert_int_equal(json_array_size(nothing), 0);
        auto_json json_t *copy = json_deep_copy(to);
        auto_json json_t *still_nothing = annotations_patch(to, copy);
        assert_int_equal(json_array_size(still_nothing), 0);
    }
}

/* However many items are removed, each is looked for once: pairs of them all would take an hour. */
static void test_many_removed_items(UNUSED void **state)
{
    enum { COPIES = 200000 };
    auto_json json_t *last = json_pack("{s:s}", "name", "last");
    auto_json json_t *from = json_array();
    for (size_t i = 0; i < COPIES; i++)
        json_array_append_new(from, json_pack("{s:s}", "name", "copy"));
    auto_json json_t *to = json_pack("[O, O]", json_array_get(from, 0), last);
    json_array_append(from, last);
    auto_json json_t *patch = annotations_patch(from, to);
    auto_json json_t *expected = parse("{\"op\":\"remove\",\"path\":\"/1\"}");
    assert_int_equal(json_array_size(patch), COPIES - 1);
    for (size_t i = 0; i < json_array_size(patch); i++)
        assert_true(json_equal(json_array_get(patch, i), expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_any_two_values),
        cmocka_unit_test(test_many_removed_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
