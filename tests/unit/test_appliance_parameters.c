/* Parameters: their declarations, their values, and how references are replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/limits.h"
#include "appliance/parameters.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml_value.h"

static json_t *read_yaml(const char *text)
{
    struct json_fault fault;
    json_t *value = yaml_value_read(text, strlen(text), APPLIANCE_MAX_DEPTH, &fault, NULL);
    assert_non_null(value);
    return value;
}

/* All findings, one a line. Owned by the caller. */
static char *text_of(const struct findings *findings)
{
    char *all = xstrdup("");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        char *longer = xasprintf("%s%s%s %s\n", all,
            one->severity == FINDING_WARNING ? "warning " : "", one->pointer, one->message);
        free(all);
        all = longer;
    }
    return all;
}

static void declarations_are_checked(UNUSED void **state)
{
    static const struct {
        const char *yaml;
        const char *findings;
    } cases[] = {
        {"[]", ""},
        {"- {name: A_1, displayName: a, description: b, value: c, required: true}\n"
         "- {name: NAME, value: mine}\n"
         "- {name: B, generate: expression, from: '[a-z]{8}', value: ''}\n",
            ""},
        {"- {}\n- text\n- {name: ''}\n- null\n",
            "/0/name is required: 1 to 63 letters, digits and underscores\n"
            "/1 must be an object, not a string\n"
            "/2/name is required: 1 to 63 letters, digits and underscores\n"
            "/3 must be an object, not null\n"},
        {"- {name: a-b}\n- {name: 7}\n- {Name: x}\n",
            "/0/name \"a-b\" is not valid: it must be 1 to 63 letters, digits and underscores\n"
            "/1/name must be a string, not a number\n"
            "/2/Name is not a known field (did you mean \"name\"?)\n"
            "/2/name is required: 1 to 63 letters, digits and underscores\n"},
        {"- {name: A, value: 2, required: yes, default: x}\n",
            "/0/value must be a string, not a number\n"
            "/0/default is not a known field; known fields: name, displayName, description, value, "
            "generate, from and required\n"},
        {"- {name: A}\n- {name: B}\n- {name: A}\n- {name: A}\n",
            "/2/name \"A\" stands at [0] already\n"
            "/3/name \"A\" stands at [0] already\n"},
        {"- {name: A, generate: Expression, from: '[a]{1}'}\n- {name: B, generate: expression}\n"
         "- {name: C, from: '[a]{1}'}\n- {name: D, generate: expression, from: '[a-z]{99999999}'}\n"
         "- {name: E, generate: expression, from: }\n",
            "/0/generate must be expression, not \"Expression\" (did you mean \"expression\"?)\n"
            "/1/from is required: the expression to generate from\n"
            "warning /2/from has no effect without \"generate: expression\"\n"
            "/3/from \"[a-z]{99999999}\" must have a length from 1 to 255\n"
            "/4/from is required: the expression to generate from\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        auto_json json_t *declarations = read_yaml(cases[i].yaml);
        int result = appliance_parameters_check(declarations, &findings);
        auto_free char *text = text_of(&findings);
        if (!streq(text, cases[i].findings))
            fail_msg("%s gives\n%s", cases[i].yaml, text);
        assert_int_equal(result<0, findings.errors> 0);
        findings_clear(&findings);
    }
}

static void there_are_not_too_many(UNUSED void **state)
{
    struct findings findings = {0};
    auto_json json_t *declarations = json_array();
    for (int i = 0; i < APPLIANCE_MAX_PARAMETERS; i++) {
        auto_free char *name = xasprintf("P%d", i);
        json_array_append_new(declarations, json_pack("{s:s}", "name", name));
    }
    assert_int_equal(appliance_parameters_check(declarations, &findings), 0);
    json_array_append_new(declarations, json_pack("{s:s}", "name", "one more"));
    assert_int_equal(appliance_parameters_check(declarations, &findings), -1);
    auto_free char *text = text_of(&findings);
    assert_string_equal(text, " has 101 parameters; at most 100 are allowed\n");
    findings_clear(&findings);
}

static const char declared[] = "- {name: SIZE, value: 20Gi}\n"
                               "- {name: TOKEN, generate: expression, from: '[a-b]{4}'}\n"
                               "- {name: FIXED, generate: expression, from: '[a-b]{4}', value: x}\n"
                               "- {name: NEEDED, required: true}\n"
                               "- {name: EMPTY}\n";

static uint32_t always_last(UNUSED void *user, uint32_t limit)
{
    return limit - 1;
}

/* The values for what is given, as one text; or the errors. Owned by the caller. */
static char *values_of(const char *const *given, size_t count)
{
    struct findings findings = {0};
    struct findings request = {0};
    struct pairs pairs = {0};
    const struct appliance_random random = {.below = always_last};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pairs_add(&pairs, given[i], "NAME=VALUE", NULL), 0);
    auto_json json_t *declarations = read_yaml(declared);
    auto_json json_t *values =
        appliance_parameters_values(declarations, &pairs, "vm-1", &random, &findings, &request);
    assert_int_equal(values == NULL, findings.errors + request.errors > 0);
    auto_free char *about = text_of(&findings);
    auto_free char *asked = text_of(&request);
    char *text =
        values != NULL ? json_dumps(values, JSON_COMPACT) : xasprintf("%s--\n%s", about, asked);
    findings_clear(&findings);
    findings_clear(&request);
    pairs_clear(&pairs);
    return text;
}

static void values_come_from_three_places(UNUSED void **state)
{
    static const struct {
        const char *given[3];
        size_t count;
        const char *values;
    } cases[] = {
        {{"NEEDED=a=b"}, 1,
            "{\"NAME\":\"vm-1\",\"SIZE\":\"20Gi\",\"TOKEN\":\"bbbb\",\"FIXED\":\"x\","
            "\"NEEDED\":\"a=b\",\"EMPTY\":\"\"}"},
        {{"NEEDED=${SIZE}", "TOKEN=t", "SIZE=1Gi"}, 3,
            "{\"NAME\":\"vm-1\",\"SIZE\":\"1Gi\",\"TOKEN\":\"t\",\"FIXED\":\"x\","
            "\"NEEDED\":\"${SIZE}\",\"EMPTY\":\"\"}"},
        {{NULL}, 0, "/3 NEEDED has no value: give one with -p NEEDED=VALUE\n--\n"},
        {{"NEDED=x", "NAME=other", "size=1"}, 3,
            "/3 NEEDED has no value: give one with -p NEEDED=VALUE\n--\n"
            " there is no parameter \"NEDED\" (did you mean \"NEEDED\"?)\n"
            " the parameter NAME is the VM's name: it is not given with -p\n"
            " there is no parameter \"size\" (did you mean \"SIZE\"?)\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text = values_of(cases[i].given, cases[i].count);
        assert_string_equal(text, cases[i].values);
    }
}

static void a_golden_image_has_none(UNUSED void **state)
{
    struct findings findings = {0};
    struct findings request = {0};
    struct pairs pairs = {0};
    const struct appliance_random random = {0};
    auto_json json_t *values =
        appliance_parameters_values(NULL, NULL, "vm-1", &random, &findings, &request);
    assert_string_equal(json_get_string(values, "NAME"), "vm-1");
    assert_int_equal(json_object_size(values), 1);
    pairs_add(&pairs, "X=1", "", NULL);
    assert_null(appliance_parameters_values(NULL, &pairs, "vm-1", &random, &findings, &request));
    assert_int_equal(request.errors, 1);
    findings_clear(&request);
    pairs_clear(&pairs);
}

static const char declared_for_text[] = "[{name: A}, {name: B}, {name: NUMBER}, {name: LIST}]";

static json_t *text_values(void)
{
    return read_yaml("{NAME: vm-1, A: 'a', B: '${A}', NUMBER: '4', LIST: '[1, {\"x\": true}]', "
                     "NOTHING: 'null'}");
}

static void references_are_replaced(UNUSED void **state)
{
    static const struct {
        const char *yaml;
        const char *replaced;
    } cases[] = {
        {"{a: '${A}', b: ['x${A}y${A}', 1, null], c: {d: '${NAME}-boot'}}",
            "{a: a, b: [xaya, 1, null], c: {d: vm-1-boot}}"},
        {"{'${A}': x}", "{'${A}': x}"}, /* not in keys */
        {"[4, '${{NUMBER}}', '${NUMBER}']", "[4, 4, '4']"},
        {"['${{LIST}}', '${{NUMBER}}']", "[[1, {x: true}], 4]"},
        {"['${B}${B}', '${B}-${A}']", "['${A}${A}', '${A}-a']"}, /* not twice */
        {"['$', '${', '${}', '${A', '$A', '$${A}', '${-}', '${A B}']",
            "['$', '${', '${}', '${A', '$A', '$a', '${-}', '${A B}']"},
        {"['${{}}', '${{A}', '{${A}}', '${${A}}']", "['${{}}', '${{A}', '{a}', '${a}']"},
        {"['é${A}\\u20ac']", "['éa\\u20ac']"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        auto_json json_t *declarations = read_yaml(declared_for_text);
        auto_json json_t *values = text_values();
        auto_json json_t *value = read_yaml(cases[i].yaml);
        auto_json json_t *expected = read_yaml(cases[i].replaced);
        auto_json json_t *untouched = json_deep_copy(value);
        assert_int_equal(appliance_parameters_substitute(value, declarations, NULL, &findings), 0);
        assert_true(json_equal(value, untouched));
        assert_int_equal(
            appliance_parameters_substitute(value, declarations, values, &findings), 0);
        auto_free char *text = json_dumps(value, JSON_COMPACT);
        if (!json_equal(value, expected))
            fail_msg("%s becomes %s", cases[i].yaml, text);
        assert_int_equal(findings.count, 0);
    }
}

static void wrong_references_are_found(UNUSED void **state)
{
    static const struct {
        const char *yaml;
        const char *findings;
        bool only_with_values;
    } cases[] = {
        {"{a: '${XY}', 'b/c': [{d: '${a}'}]}",
            "/a refers to \"${XY}\", but there is no such parameter\n"
            "/b~1c/0/d refers to \"${a}\", but there is no such parameter (did you mean \"A\"?)\n",
            false},
        {"['${XX}${YY}', '${{NUMBRE}}']",
            "/0 refers to \"${XX}\", but there is no such parameter\n"
            "/0 refers to \"${YY}\", but there is no such parameter\n"
            "/1 refers to \"${NUMBRE}\", but there is no such parameter (did you mean "
            "\"NUMBER\"?)\n",
            false},
        {"['x${{A}}']",
            "/0 has \"${{A}}\" inside other text, where it is not replaced: write \"${A}\"\n",
            false},
        {"['${{A}}', '${{NOTHING}}']",
            "/0 the value of A is not JSON, as \"${{A}}\" needs it; for a string write \"${A}\"\n"
            "/1 the value of NOTHING is not JSON, as \"${{NOTHING}}\" needs it; for a string write "
            "\"${NOTHING}\"\n",
            true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *declarations = read_yaml(declared_for_text);
        auto_json json_t *values = text_values();
        for (int with_values = 0; with_values < 2; with_values++) {
            struct findings findings = {0};
            auto_json json_t *value = read_yaml(cases[i].yaml);
            if (cases[i].only_with_values && with_values == 0)
                continue;
            int result = appliance_parameters_substitute(
                value, declarations, with_values ? values : NULL, &findings);
            assert_int_equal(result, -1);
            auto_free char *text = text_of(&findings);
            if (!streq(text, cases[i].findings))
                fail_msg("%s gives\n%s", cases[i].yaml, text);
            findings_clear(&findings);
        }
    }
}

static void a_vm_does_not_explode(UNUSED void **state)
{
    struct findings findings = {0};
    auto_json json_t *declarations = read_yaml("[{name: A}]");
    auto_json json_t *values = json_object();
    auto_json json_t *value = json_array();
    auto_free char *large = xcalloc(1, 100001);
    auto_free char *many = xcalloc(1, 4 * 1000 + 1);
    memset(large, 'x', 100000);
    for (int i = 0; i < 1000; i++)
        strcat(many, "${A}");
    json_object_set_new(values, "A", json_string(large));
    for (int i = 0; i < 100; i++)
        json_array_append_new(value, json_string(many));
    assert_int_equal(appliance_parameters_substitute(value, declarations, values, &findings), -1);
    auto_free char *text = text_of(&findings);
    assert_string_equal(text, "/0 parameters make the VM larger than 1024 KiB\n");
    findings_clear(&findings);
}

static void what_refers_to_a_parameter(UNUSED void **state)
{
    assert_true(appliance_parameters_refers("${{A}}", false));
    assert_true(appliance_parameters_refers("x ${A_1} y", true));
    assert_true(appliance_parameters_refers("${ ${A}", true));
    assert_false(appliance_parameters_refers("${A}", false));
    assert_false(appliance_parameters_refers("x${{A}}", false));
    assert_false(appliance_parameters_refers("${A", true));
    assert_false(appliance_parameters_refers("${{}}", true));
    assert_false(appliance_parameters_refers("", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declarations_are_checked),
        cmocka_unit_test(there_are_not_too_many),
        cmocka_unit_test(values_come_from_three_places),
        cmocka_unit_test(a_golden_image_has_none),
        cmocka_unit_test(references_are_replaced),
        cmocka_unit_test(wrong_references_are_found),
        cmocka_unit_test(a_vm_does_not_explode),
        cmocka_unit_test(what_refers_to_a_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
