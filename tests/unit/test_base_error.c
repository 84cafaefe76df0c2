/* Errors and findings: their classes, messages and counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/finding.h"
#include "base/text.h"
#include "base/unused.h"

static void an_error_has_class_and_message(UNUSED void **state)
{
    auto_error struct error *err = NULL;
    assert_int_equal(error_set(&err, ERROR_INPUT, "reading %s", "a file"), -1);
    assert_string_equal(err->message, "reading a file");
    assert_int_equal(err->class, ERROR_INPUT);
    assert_int_equal(err->errnum, 0);
    assert_int_equal(error_wrap(&err, "vmi.yaml"), -1);
    assert_string_equal(err->message, "vmi.yaml: reading a file");
}

static void errno_is_told_in_words(UNUSED void **state)
{
    auto_error struct error *err = NULL;
    errno = ENOENT;
    assert_int_equal(error_set_errno(&err, "opening %s", "/x"), -1);
    assert_string_equal(err->message, "opening /x: No such file or directory");
    assert_int_equal(err->class, ERROR_IO);
    assert_int_equal(err->errnum, ENOENT);
}

static void nobody_needs_to_care(UNUSED void **state)
{
    assert_int_equal(error_set(NULL, ERROR_INPUT, "lost"), -1);
    assert_int_equal(error_wrap(NULL, "more"), -1);
    struct error *err = NULL;
    error_set(&err, ERROR_IO, "moved");
    assert_int_equal(error_move(NULL, err), -1);
}

static void every_class_has_a_name_and_an_exit_status(UNUSED void **state)
{
    static const struct {
        enum error_class class;
        const char *name;
        int status;
    } cases[] = {
        {ERROR_INPUT, "input", 1},
        {ERROR_POLICY, "policy", 1},
        {ERROR_USAGE, "usage", 2},
        {ERROR_IO, "io", 3},
        {ERROR_REMOTE, "remote", 4},
        {ERROR_TIMEOUT, "timeout", 5},
        {ERROR_INTERNAL, "internal", 6},
        {ERROR_CANCELED, "canceled", 6},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_string_equal(error_class_name(cases[i].class), cases[i].name);
        assert_int_equal(error_exit_status(cases[i].class), cases[i].status);
    }
}

static void findings_are_counted_and_kept_in_order(UNUSED void **state)
{
    struct findings findings = {0};
    findings_warning(&findings, "/0", "first");
    findings_error(&findings, "/1/image", "%s", "second");
    assert_int_equal(findings.count, 2);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.items[0].message, "first");
    assert_string_equal(findings.items[1].pointer, "/1/image");
    findings_clear(&findings);
    assert_int_equal(findings.count, 0);
}

static void pointers_read_as_paths(UNUSED void **state)
{
    static const struct {
        const char *pointer;
        const char *path;
    } cases[] = {
        {"", ""},
        {"/0", "[0]"},
        {"/0/hostPath/type", "[0].hostPath.type"},
        {"/12/args/3", "[12].args[3]"},
        {"/metadata/annotations/a~1b.c", "metadata.annotations[\"a/b.c\"]"},
        {"/0/~0x", "[0][\"~x\"]"},
        {"/0/", "[0][\"\"]"},
        {"/0/\x1b[31m", "[0][\"\\x1b[31m\"]"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *path = finding_path(cases[i].pointer);
        assert_string_equal(path, cases[i].path);
    }
}

static char *name_place(const void *user, const struct finding *finding)
{
    return xasprintf("%s%s", (const char *)user, finding->pointer);
}

static void errors_among_findings_become_one(UNUSED void **state)
{
    auto_error struct error *err = NULL;
    struct findings findings = {0};
    findings_warning(&findings, "/0", "only a warning");
    assert_int_equal(findings_to_error(&findings, NULL, NULL, &err), 0);
    assert_null(err);
    findings_error(&findings, "/1/image", "is wrong");
    findings_add(&findings, FINDING_ERROR, ERROR_POLICY, "", "is denied");
    assert_int_equal(findings_to_error(&findings, NULL, NULL, &err), -1);
    assert_int_equal(err->class, ERROR_INPUT);
    assert_string_equal(err->message, "[1].image: is wrong; is denied");
    assert_int_equal(findings_to_error(&findings, name_place, "at ", &err), -1);
    assert_string_equal(err->message, "at /1/image; at ");
    findings_clear(&findings);
}

static char *count_calls(const void *user, const struct finding *finding)
{
    (**(size_t *const *)user)++;
    return xstrdup(finding->message);
}

static void many_findings_are_counted(UNUSED void **state)
{
    auto_error struct error *err = NULL;
    struct findings findings = {0};
    size_t calls = 0;
    size_t *const user = &calls;
    for (size_t i = 0; i < FINDINGS_SHOWN_MAX; i++) {
        findings_warning(&findings, "", "only a warning");
        findings_error(&findings, "", "%zu", i);
    }
    findings_to_error(&findings, count_calls, &user, &err);
    assert_int_equal(calls, FINDINGS_SHOWN_MAX);
    assert_true(text_starts_with(err->message, "0; 1; 2; "));
    assert_true(text_ends_with(err->message, "; 98; 99"));
    for (size_t i = 0; i < 100000; i++)
        findings_error(&findings, "", "more");
    calls = 0;
    findings_to_error(&findings, count_calls, &user, &err);
    assert_int_equal(calls, FINDINGS_SHOWN_MAX);
    assert_true(text_ends_with(err->message, "; 98; 99; and 100000 more"));
    findings_clear(&findings);
}

/* Errors and warnings do not take each other's room, and all are counted. */
static void only_so_many_findings_are_kept(UNUSED void **state)
{
    enum { MORE = 5 };
    struct findings findings = {0};
    for (size_t i = 0; i < FINDINGS_KEPT_MAX; i++)
        findings_warning(&findings, "/0", "a warning");
    assert_true(findings_is_full(&findings, FINDING_WARNING));
    assert_int_equal(findings_left_out(&findings, FINDING_WARNING), 0);
    for (size_t i = 0; i < MORE; i++)
        findings_warning(&findings, "/1", "a warning");
    assert_false(findings_is_full(&findings, FINDING_ERROR));
    findings_error(&findings, "/2", "an error");
    assert_int_equal(findings.count, FINDINGS_KEPT_MAX + 1);
    assert_int_equal(findings.warnings, FINDINGS_KEPT_MAX + MORE);
    assert_int_equal(findings_left_out(&findings, FINDING_WARNING), MORE);
    assert_string_equal(findings.items[FINDINGS_KEPT_MAX].message, "an error");
    findings_clear(&findings);
    assert_int_equal(findings.warnings, 0);
}

static void errors_are_looked_for_from_an_item_on(UNUSED void **state)
{
    struct findings findings = {0};
    findings_error(&findings, "/0/image", "an error");
    findings_warning(&findings, "/1/args", "a warning");
    assert_true(findings_has_error_at(&findings, 0, "/0"));
    assert_true(findings_has_error_at(&findings, 0, "/0/image"));
    assert_false(findings_has_error_at(&findings, 0, "/0/im"));
    assert_false(findings_has_error_at(&findings, 1, "/0"));
    assert_false(findings_has_error_at(&findings, 0, "/1"));
    for (size_t i = 0; i < FINDINGS_KEPT_MAX; i++)
        findings_error(&findings, "/2", "an error");
    assert_true(findings_has_error_at(&findings, 0, "/1")); /* it may be the one left out */
    findings_clear(&findings);
}

/* Wherever its text is cut, the message is within the limit, and well-formed. */
static void long_findings_are_cut(UNUSED void **state)
{
    static const char character[] = "…";
    enum { SIZE = sizeof(character) - 1, COUNT = FINDINGS_MESSAGE_MAX_BYTES / SIZE };
    static char text[FINDINGS_MESSAGE_MAX_BYTES * 2];
    for (size_t i = 0; i < 200; i++) {
        auto_error struct error *err = NULL;
        struct findings findings = {0};
        size_t length = i; /* from something that fits to something that does not */
        memset(text, 'x', length);
        for (size_t k = 0; k < COUNT - 40; k++, length += SIZE)
            memcpy(text + length, character, SIZE);
        text[length] = '\0';
        findings_error(&findings, "", "%s", text);
        for (size_t k = 0; k < 10; k++)
            findings_error(&findings, "", "second");
        findings_to_error(&findings, NULL, NULL, &err);
        size_t got = strlen(err->message);
        assert_in_range(got, FINDINGS_MESSAGE_MAX_BYTES - 150, FINDINGS_MESSAGE_MAX_BYTES);
        assert_true(text_is_utf8(err->message, got, NULL));
        if (length > FINDINGS_MESSAGE_MAX_BYTES)
            assert_true(text_ends_with(err->message, "…; and 10 more"));
        findings_clear(&findings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_has_class_and_message),
        cmocka_unit_test(errno_is_told_in_words),
        cmocka_unit_test(nobody_needs_to_care),
        cmocka_unit_test(every_class_has_a_name_and_an_exit_status),
        cmocka_unit_test(findings_are_counted_and_kept_in_order),
        cmocka_unit_test(errors_among_findings_become_one),
        cmocka_unit_test(many_findings_are_counted),
        cmocka_unit_test(long_findings_are_cut),
        cmocka_unit_test(only_so_many_findings_are_kept),
        cmocka_unit_test(errors_are_looked_for_from_an_item_on),
        cmocka_unit_test(pointers_read_as_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
