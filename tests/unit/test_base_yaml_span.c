/* Where values are in a YAML text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "base/yaml_span.h"

static const char text[] = "# first\n"
                           "plain: some words # no\n"
                           "\"quoted\": 'it''s'\n"
                           "block: |\n"
                           "  one\n"
                           "  two\n"
                           "list: [a, {b: &x \"ü\"}]\n"
                           "alias: *x\n"
                           "merged:\n"
                           "  <<: &m {c: d}\n"
                           "  e: !!str 5\n";

static const struct {
    const char *pointer;
    const char *expected; /* NULL: it is not written there */
} cases[] = {
    {"/plain", "some words"},
    {"/quoted", "'it''s'"},
    {"/block", "|\n  one\n  two\n"},
    {"/list/0", "a"},
    {"/list/1/b", "&x \"ü\""},
    {"/merged/e", "!!str 5"},
    {"/merged/<</c", "d"},
    {"/alias", NULL},
    {"/merged/c", NULL},
    {"/nothing", NULL},
    {"/list/2", NULL},
    {"/plain/below", NULL},
};

static void test_scalars(UNUSED void **state)
{
    struct yaml_stream stream;
    assert_int_equal(yaml_parse("text", text, strlen(text), &stream, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct yaml_span span;
        bool found = yaml_span_of(&stream.documents[0], cases[i].pointer, &span);
        if (found != (cases[i].expected != NULL))
            fail_msg("%s", cases[i].pointer);
        if (!found)
            continue;
        auto_free char *part = xstrndup(stream.text + span.from, span.to - span.from);
        assert_string_equal(part, cases[i].expected);
    }
    yaml_stream_clear(&stream);
}

/* Of a mapping or sequence, the beginning. */
static void test_collections(UNUSED void **state)
{
    static const struct {
        const char *pointer;
        const char *expected;
    } rows[] = {{"", "plain:"}, {"/list", "[a,"}, {"/list/1", "{b:"}, {"/merged", "<<:"}};
    struct yaml_stream stream;
    assert_int_equal(yaml_parse("text", text, strlen(text), &stream, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct yaml_span span;
        assert_true(yaml_span_of(&stream.documents[0], rows[i].pointer, &span));
        assert_memory_equal(stream.text + span.from, rows[i].expected, strlen(rows[i].expected));
    }
    yaml_stream_clear(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_collections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
