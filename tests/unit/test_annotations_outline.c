/* What shows of an annotation at a glance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "annotations/outline.h"
#include "annotations/sidecar.h"
#include "base/unused.h"
#include "tests/unit/repeated.h"

static void texts_are_outlined(UNUSED void **state)
{
    static const struct {
        const char *text;
        bool empty, host_path;
    } cases[] = {
        {"", true, false},
        {" \n\t", true, false},
        {"[]", true, false},
        {" [ ] ", true, false},
        {"null", true, false},
        {"[null]", false, false},
        {"[{}]", false, false},
        {"[{\"hostPath\": {}}]", false, true},
        {"[{}, {\"image\": \"a\", \"hostPath\": {\"path\": \"/a\"}, \"args\": []}]", false, true},
        {"[{\"HOSTPATH\": {}}]", false, true},
        {"[{\"hostPath\": null}]", false, false},
        {"[{\"hostPath\": [{}]}]", false, false},
        {"[{\"hostPaths\": {}}]", false, false},
        {"[{\"hostPath\": 1, \"x\": {}}]", false, false},
        {"[{\"hostPath\": [], \"x\": {}}]", false, false},
        {"[{\"x\": {\"hostPath\": {}}}]", false, false},
        {"[[{\"hostPath\": {}}]]", false, false},
        /* not annotations */
        {"{\"a\": {\"hostPath\": {}}}", false, false},
        {"{}", false, false},
        {"\"\"", false, false},
        {"[{\"hostPath\": {}}", false, false},
        {"[{\"hostPath\": {}}]]", false, false},
        {"x", false, false},
        {"[", false, false},
        {"[]]", false, false},
        {"null null", false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct annotations_outline outline =
            annotations_outline(cases[i].text, strlen(cases[i].text));
        if (outline.empty != cases[i].empty || outline.host_path != cases[i].host_path)
            fail_msg("%s", cases[i].text);
    }
}

static void a_text_that_is_too_long_is_not_read(UNUSED void **state)
{
    auto_free char *longest = repeated("", " ", ANNOTATIONS_MAX_BYTES - 2, "[]");
    assert_true(annotations_outline(longest, ANNOTATIONS_MAX_BYTES).empty);
    auto_free char *longer = repeated("", " ", ANNOTATIONS_MAX_BYTES - 1, "[]");
    assert_false(annotations_outline(longer, ANNOTATIONS_MAX_BYTES + 1).empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_outlined),
        cmocka_unit_test(a_text_that_is_too_long_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
