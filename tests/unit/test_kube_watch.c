/* The lines of a watch, however they are split, and their events. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/lines.h"
#include "kube/watch_event.h"

enum { LIMIT = 8 };

/* Writes a line as [line], and one over the limit as <its length>. */
static bool write_line(void *user, const char *line, size_t length)
{
    UT_string *out = user;
    if (line != NULL)
        utstring_printf(out, "[%.*s]", (int)length, line);
    else
        utstring_printf(out, "<%zu>", length);
    return true;
}

/* However the stream is split, the lines are the same. */
static void test_lines(UNUSED void **state)
{
    static const struct {
        const char *text, *lines;
    } cases[] = {
        {"", ""},
        {"\n", "[]"},
        {"a\nbc\n\nd\n", "[a][bc][][d]"},
        {"no end", ""},
        {"12345678\n", "[12345678]"},
        {"123456789\na\n", "<9>[a]"},
        {"a\n123456789012345\n\n12345678\nb\n", "[a]<15>[][12345678][b]"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t length = strlen(cases[i].text);
        for (size_t piece = 1; piece <= length + 1; piece++) {
            struct kube_lines lines = {.limit = LIMIT};
            UT_string out;
            utstring_init(&out);
            for (size_t at = 0; at < length; at += piece) {
                size_t left = length - at;
                kube_lines_feed(
                    &lines, cases[i].text + at, left < piece ? left : piece, write_line, &out);
            }
            assert_string_equal(utstring_body(&out), cases[i].lines);
            utstring_done(&out);
            kube_lines_clear(&lines);
        }
    }
}

static bool stop_at_second(void *user, const char *line, size_t length)
{
    write_line(user, line, length);
    return strstr(utstring_body((UT_string *)user), "][") == NULL;
}

static void test_lines_stop(UNUSED void **state)
{
    struct kube_lines lines = {.limit = LIMIT};
    UT_string out;
    utstring_init(&out);
    kube_lines_feed(&lines, "a", 1, stop_at_second, &out);
    kube_lines_feed(&lines, "b\nc\nd\ne", 7, stop_at_second, &out);
    assert_string_equal(utstring_body(&out), "[ab][c]");
    utstring_done(&out);
    kube_lines_clear(&lines);
}

#define OBJECT "{\"metadata\": {\"name\": \"a\", \"namespace\": \"d\", \"resourceVersion\": \"7\"}}"

static void test_events(UNUSED void **state)
{
    static const struct {
        const char *line;
        const struct kube_resource *resource; /* NULL: pods */
        enum kube_watch_line kind;
        enum kube_event_type type;
        const char *why;
    } cases[] = {
        {"{\"type\": \"ADDED\", \"object\": " OBJECT "}", NULL, KUBE_LINE_EVENT, KUBE_ADDED, NULL},
        {"{\"type\": \"MODIFIED\", \"object\": " OBJECT "}", NULL, KUBE_LINE_EVENT, KUBE_MODIFIED,
            NULL},
        {"{\"type\": \"DELETED\", \"object\": " OBJECT "}", NULL, KUBE_LINE_EVENT, KUBE_DELETED,
            NULL},
        {"{\"type\": \"BOOKMARK\", \"object\": {\"metadata\": {\"resourceVersion\": \"9\"}}}", NULL,
            KUBE_LINE_EVENT, KUBE_BOOKMARK, NULL},
        {"{\"type\": \"ADDED\", \"object\": {\"metadata\": {\"name\": \"n\", \"resourceVersion\": "
         "\"1\"}}}",
            &kube_namespaces, KUBE_LINE_EVENT, KUBE_ADDED, NULL},
        {"{\"type\": \"ERROR\", \"object\": {\"code\": 410}}", NULL, KUBE_LINE_ERROR, 0, NULL},
        {"{\"type\": \"ERROR\"}", NULL, KUBE_LINE_ERROR, 0, NULL},
        {"", NULL, KUBE_LINE_SKIPPED, 0, "its line of 0 bytes is not JSON (column 1)"},
        {"<html>SECRET", NULL, KUBE_LINE_SKIPPED, 0, "its line of 12 bytes is not JSON (column 1)"},
        {"[]", NULL, KUBE_LINE_SKIPPED, 0, "its type is missing or not a string"},
        {"{\"type\": 1}", NULL, KUBE_LINE_SKIPPED, 0, "its type is missing or not a string"},
        {"{\"type\": \"PAUSED\\n\", \"object\": {}}", NULL, KUBE_LINE_SKIPPED, 0,
            "its type \"PAUSED\\x0a\" is unknown"},
        {"{\"type\": \"ADDED\"}", NULL, KUBE_LINE_SKIPPED, 0, "its object is missing"},
        {"{\"type\": \"ADDED\", \"object\": \"SECRET\"}", NULL, KUBE_LINE_SKIPPED, 0,
            "its object is a string"},
        {"{\"type\": \"ADDED\", \"object\": {\"metadata\": [1]}}", NULL, KUBE_LINE_SKIPPED, 0,
            "ADDED pods \"\": metadata.resourceVersion is missing or not a string"},
        {"{\"type\": \"DELETED\", \"object\": {\"metadata\": {\"name\": \"a\", \"namespace\": "
         "\"d\", \"resourceVersion\": 7}}}",
            NULL, KUBE_LINE_SKIPPED, 0,
            "DELETED pods \"d/a\": metadata.resourceVersion is missing or not a string"},
        {"{\"type\": \"ADDED\", \"object\": {\"metadata\": {\"name\": 1, \"resourceVersion\": "
         "\"1\"}}}",
            NULL, KUBE_LINE_SKIPPED, 0,
            "ADDED pods \"\": metadata.name is missing or not a string"},
        {"{\"type\": \"ADDED\", \"object\": {\"metadata\": {\"name\": \"a\", \"resourceVersion\": "
         "\"1\"}}}",
            NULL, KUBE_LINE_SKIPPED, 0,
            "ADDED pods \"a\": metadata.namespace is missing or not a string"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kube_watch_read read;
        kube_watch_read(cases[i].resource != NULL ? cases[i].resource : &kube_pods, NULL,
            cases[i].line, strlen(cases[i].line), &read);
        assert_int_equal(read.line, cases[i].kind);
        if (cases[i].why != NULL)
            assert_string_equal(read.why, cases[i].why);
        else
            assert_null(read.why);
        if (read.line == KUBE_LINE_EVENT)
            assert_int_equal(read.type, cases[i].type);
        kube_watch_read_clear(&read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_stop),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
