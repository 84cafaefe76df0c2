/* Members of an object that a person wrote, in any letter case, and hints where the name is
 * wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/field.h"
#include "base/json.h"
#include "base/text.h"

static const char *const known[] = {"path", "volumePath", "readOnly"};

/* The finding as `severity pointer message`, or "" where there is none. */
static void expect(const struct findings *findings, const char *text)
{
    auto_free char *all = xstrdup("");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        char *longer = xasprintf("%s%s%s %s %s", all, i > 0 ? "\n" : "",
            one->severity == FINDING_ERROR ? "error" : "warning", one->pointer, one->message);
        xstrset(&all, longer);
        free(longer);
    }
    assert_string_equal(all, text);
}

static void take_finds_a_member_in_any_letter_case(void **state)
{
    static const struct {
        const char *object;
        const char *value; /* NULL: none */
        const char *findings;
    } cases[] = {
        {"{\"path\": \"a\"}", "\"a\"", ""},
        {"{}", NULL, ""},
        {"{\"path\": null}", NULL, ""},
        {"{\"paths\": 1}", NULL, ""},
        {"{\"PATH\": 1}", "1", "warning /0/PATH is taken as \"path\": write it in these letters"},
        {"{\"PATH\": true, \"path\": true}", "true",
            "error /0/PATH is \"path\" once more, in another letter case: keep one of the two"},
        {"{\"Path\": 1, \"PATH\": 2}", "1",
            "warning /0/Path is taken as \"path\": write it in these letters\n"
            "error /0/PATH is \"path\" once more, in another letter case: keep one of the two"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *object = json_loads(cases[i].object, 0, NULL);
        struct findings findings = {0};
        json_t *value = field_take(object, "path", "/0", &findings);
        if (cases[i].value == NULL) {
            assert_null(value);
        } else {
            auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
            assert_string_equal(text, cases[i].value);
        }
        expect(&findings, cases[i].findings);
        findings_clear(&findings);
    }
}

static void unknown_members_get_a_hint(void **state)
{
    (void)state;
    auto_json json_t *object =
        json_loads("{\"volumPath\": 1, \"READONLY\": true, \"path\": null, \"a/b\": 2}", 0, NULL);
    struct findings findings = {0};
    field_check_unknown(object, known, ARRAY_SIZE(known), "/0", false, &findings);
    expect(&findings,
        "warning /0/volumPath is not a known field and is ignored (did you mean \"volumePath\"?)\n"
        "warning /0/a~1b is not a known field and is ignored; known here: path, volumePath and "
        "readOnly");
    findings_clear(&findings);
    field_check_unknown(object, known, ARRAY_SIZE(known), "", true, &findings);
    expect(&findings,
        "error /volumPath is not a known field (did you mean \"volumePath\"?)\n"
        "error /a~1b is not a known field; known here: path, volumePath and readOnly");
    findings_clear(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_finds_a_member_in_any_letter_case),
        cmocka_unit_test(unknown_members_get_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
