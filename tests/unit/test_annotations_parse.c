/* Parsing the annotation: each file tests/data/annotations/NAME.json is a case, with the resulting
 * findings and sidecars in NAME.expected; NAME.strict.json is parsed strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "annotations/fields.h"
#include "annotations/parse.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "hostpath/policy_parse.h"
#include "tests/unit/cases.h"
#include "tests/unit/expected.h"

/* Every field at once, each of them right. */
static const char everything[] =
    "[{\"image\":\"registry.example/hook:1\",\"imagePullPolicy\":\"Always\",\"command\":[\"/"
    "hook\"],"
    "\"args\":[\"-v\"],\"configMap\":{\"name\":\"hooks\",\"key\":\"a.sh\","
    "\"hookPath\":\"/usr/bin/onDefineDomain\"},\"pvc\":{\"name\":\"claim\",\"volumePath\":\"/"
    "claim\","
    "\"sharedComputePath\":\"/shared\"},\"hostPath\":{\"path\":\"/srv\",\"volumePath\":\"/srv\","
    "\"type\":\"Directory\",\"readOnly\":true},\"resources\":{\"requests\":{\"cpu\":\"10m\","
    "\"memory\":\"1Mi\",\"ephemeral-storage\":1},\"limits\":{\"cpu\":\"20m\",\"memory\":\"2Mi\","
    "\"ephemeral-storage\":2}},\"env\":[{\"name\":\"A\",\"value\":\"b\"}],"
    "\"downwardAPI\":[\"pod-info\"],\"timeoutSeconds\":5,\"failurePolicy\":\"Ignore\"}]";

/* The findings, a line each, as hookctl shows them. */
static char *describe_findings(const struct findings *findings)
{
    char *text = xstrdup("");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        auto_free char *sentence = finding_text(one);
        expected_append(&text, xasprintf("%s%s: %s\n", one->class == ERROR_POLICY ? "policy " : "",
                                   one->severity == FINDING_ERROR ? "error" : "warning", sentence));
    }
    return text;
}

/* A sidecar as JSON, with the names of the struct's members. */
static json_t *sidecar_json(const struct annotations_sidecar *sidecar)
{
    const struct annotations_config_map *config_map = sidecar->config_map;
    const struct annotations_pvc *pvc = sidecar->pvc;
    const struct hostpath *host_path = sidecar->host_path;
    return json_pack("{s:s*, s:s*, s:O*, s:O*, s:O*, s:O*, s:o*, s:o*, s:o*, s:b, s:i, s:s}",
        "image", sidecar->image, "image_pull_policy",
        json_get_string(sidecar->object, "imagePullPolicy"), "command", sidecar->command, "args",
        sidecar->args, "env", sidecar->env, "resources", sidecar->resources, "config_map",
        config_map == NULL
            ? NULL
            : json_pack("[s, s, s]", config_map->name, config_map->key, config_map->hook_path),
        "pvc",
        pvc == NULL
            ? NULL
            : json_pack("[s, s, s?]", pvc->name, pvc->volume_path, pvc->shared_compute_path),
        "host_path",
        host_path == NULL ? NULL
                          : json_pack("[s, s, s, b]", host_path->path, host_path->volume_path,
                                hostpath_type_name(host_path->type), host_path->read_only),
        "pod_info", sidecar->pod_info, "timeout_seconds", sidecar->timeout_seconds,
        "failure_policy", sidecar->failure_policy == ANNOTATIONS_IGNORE ? "Ignore" : "Fail");
}

/* What parsing gives: the findings, then the sidecars, or "refused". */
static char *describe(const char *text, size_t length, bool strict)
{
    struct annotations_options options = {.strict = strict};
    struct findings findings = {0};
    struct annotations_list *list = annotations_parse(text, length, &options, &findings);
    assert_int_equal(list == NULL, findings.errors > 0);
    char *out = describe_findings(&findings);
    if (list == NULL)
        expected_append(&out, xstrdup("refused\n"));
    else if (list->count == 0)
        expected_append(&out, xstrdup("no sidecars\n"));
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        auto_json json_t *sidecar = sidecar_json(&list->sidecars[i]);
        expected_append(&out, json_dumps(sidecar, JSON_COMPACT));
        expected_append(&out, xstrdup("\n"));
    }
    annotations_list_free(list);
    findings_clear(&findings);
    return out;
}

/* NAME.json beside NAME.expected; NAME.strict.json is parsed with strict. */
static void run_case(const char *path)
{
    auto_free char *text = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, EXPECTED_FILE_LIMIT, &text, &length, NULL), 0);
    auto_free char *given = describe(text, length, text_ends_with(path, ".strict.json"));
    expected_compare(path, given);
}

static void files_give_what_is_expected(UNUSED void **state)
{
    cases_run("tests/data/annotations/*.json", run_case);
}

static void nothing_is_no_sidecars(UNUSED void **state)
{
    static const char *const texts[] = {"", " \n\t\r", "null", "[]", " null ", "[ ]"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_free char *given = describe(texts[i], strlen(texts[i]), true);
        assert_string_equal(given, "no sidecars\n");
    }
}

/* Cut after every byte: one finding, at the annotation itself, that says where. */
static void cut_json_is_one_error_with_a_place(UNUSED void **state)
{
    auto_free char *whole = describe(everything, strlen(everything), true);
    assert_non_null(strstr(whole, "\"failure_policy\":\"Ignore\""));
    assert_null(strstr(whole, "error"));
    assert_null(strstr(whole, "warning"));
    for (size_t length = 1; length < strlen(everything); length++) {
        struct findings findings = {0};
        assert_null(annotations_parse(everything, length, NULL, &findings));
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0].pointer, "");
        assert_int_equal(findings.items[0].fault.line, 1);
        findings_clear(&findings);
    }
}

/* The path of the table for a place in everything: "/0/env/0/name" → "env[].name". */
static char *table_path(const char *pointer)
{
    char *path = xstrdup("");
    const char *token = strchr(pointer + 1, '/');
    while (token != NULL) {
        const char *end = strchrnul(token + 1, '/');
        bool is_item = token[1] == '0';
        expected_append(&path, is_item ? xstrdup("[]")
                                       : xasprintf("%s%.*s", path[0] != '\0' ? "." : "",
                                             (int)(end - token - 1), token + 1));
        token = *end == '/' ? end : NULL;
    }
    return path;
}

/* Whether the table allows a value of this type at a path; null counts as absent. */
static bool is_right_type(const char *path, const json_t *value)
{
    const struct schema_field *field = schema_find(&annotations_schema, path);
    if (field == NULL) /* an item of an array */
        return text_starts_with(path, "env") ? json_is_object(value) : json_is_string(value);
    if (json_is_null(value))
        return !field->required;
    switch (field->kind) {
    case SCHEMA_STRING:
        return json_is_string(value);
    case SCHEMA_STRINGS:
    case SCHEMA_OBJECTS:
        return json_is_array(value);
    case SCHEMA_INTEGER:
        return json_is_integer(value);
    case SCHEMA_BOOLEAN:
        return json_is_boolean(value);
    case SCHEMA_QUANTITY:
    case SCHEMA_INTEGER_OR_STRING:
        return json_is_string(value) || json_is_integer(value);
    case SCHEMA_MAP:
    case SCHEMA_QUANTITIES:
    case SCHEMA_ANY:
    case SCHEMA_OBJECT:
        return json_is_object(value);
    }
    return false;
}

/* Puts value in the place of the child under key or index, and expects an error there or below,
 * unless its type is right. */
static void check_wrong_type(json_t *root, const char *pointer, json_t *value)
{
    auto_free char *path = table_path(pointer);
    auto_free char *text = json_dumps(root, 0);
    struct findings findings = {0};
    struct annotations_list *list = annotations_parse(text, strlen(text), NULL, &findings);
    if (!is_right_type(path, value)) {
        bool found = false;
        for (size_t i = 0; i < findings.count; i++)
            found = found || (findings.items[i].severity == FINDING_ERROR &&
                                 text_starts_with(findings.items[i].pointer, pointer));
        if (!found)
            fail_msg("%s may be %s", pointer, json_kind(value));
    }
    annotations_list_free(list);
    findings_clear(&findings);
}

/* Tries a value of every type in the place of every value below parent. */
static void try_types(json_t *root, json_t *parent, const char *pointer)
{
    auto_json json_t *types =
        json_pack("[n, b, i, f, s, s, [], [n], {}, {s:n}]", 1, 7, 1.5, "", "no such thing", "x");
    if (json_is_array(parent)) {
        for (size_t i = 0; i < json_array_size(parent); i++) {
            auto_free char *place = json_pointer_index(pointer, i);
            json_t *kept = json_incref(json_array_get(parent, i));
            try_types(root, kept, place);
            for (size_t k = 0; k < json_array_size(types); k++) {
                json_array_set(parent, i, json_array_get(types, k));
                check_wrong_type(root, place, json_array_get(types, k));
            }
            json_array_set_new(parent, i, kept);
        }
        return;
    }
    auto_json json_t *members = json_copy(parent);
    const char *key = NULL;
    json_t *kept = NULL;
    json_object_foreach (members, key, kept) {
        auto_free char *place = json_pointer_join(pointer, key);
        try_types(root, kept, place);
        for (size_t k = 0; k < json_array_size(types); k++) {
            json_object_set(parent, key, json_array_get(types, k));
            check_wrong_type(root, place, json_array_get(types, k));
        }
        json_object_set(parent, key, kept);
    }
}

static void wrong_types_are_errors_everywhere(UNUSED void **state)
{
    auto_json json_t *root = json_loads(everything, 0, NULL);
    try_types(root, json_array_get(root, 0), "/0");
}

/* text, count times over, between opening and closing. Owned by the caller. */
static char *repeat(const char *opening, const char *text, size_t count, const char *closing)
{
    size_t size = strlen(text);
    UT_string out;
    utstring_init(&out);
    utstring_printf(&out, "%s", opening);
    for (size_t i = 0; i < count; i++)
        utstring_bincpy(&out, text, size);
    utstring_printf(&out, "%s", closing);
    return utstring_body(&out);
}

static void expect(const char *text, const char *expected)
{
    auto_free char *given = describe(text, strlen(text), false);
    assert_string_equal(given, expected);
}

static void limits_are_named(UNUSED void **state)
{
    auto_free char *long_text = repeat("[{\"image\": \"", "x", 300 * 1024, "\"}]");
    expect(long_text, "error: is 307215 bytes long; at most 262144 bytes are allowed\nrefused\n");
    auto_free char *deep = repeat("", "[", 10000, "");
    expect(deep, "error: JSON is nested deeper than 16 levels\nrefused\n");
    auto_free char *too_deep = repeat("[{\"x\": ", "[", 15, "]]]]]]]]]]]]]]]}]");
    expect(too_deep, "error: JSON is nested deeper than 16 levels\nrefused\n");
    auto_free char *costly = repeat("[{\"args\": [", "0,", 20000 - 3, "0]}]");
    expect(costly, "error: is too complex: it has more than 20000 JSON values\nrefused\n");
    static const char sidecar[] = "{\"image\": \"i\"},";
    auto_free char *many = repeat("[", sidecar, 64, "{}]");
    expect(many, "error: has 65 sidecars; at most 64 are allowed\nrefused\n");
    auto_free char *most = repeat("[", sidecar, 63, "{\"image\": \"i\"}]");
    struct findings findings = {0};
    struct annotations_list *list = annotations_parse(most, strlen(most), NULL, &findings);
    assert_int_equal(findings.count, 0);
    assert_int_equal(list->count, 64);
    annotations_list_free(list);
    auto_free char *just = repeat("[{\"image\": \"i\", \"args\": [", "\"\",", 20000 - 5, "\"\"]}]");
    list = annotations_parse(just, strlen(just), NULL, &findings);
    assert_int_equal(findings.count, 0);
    annotations_list_free(list);
}

static void bytes_that_are_no_text_are_errors(UNUSED void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"[{\"image\": \"\xff\"}]", 15},
        {"[{\"image\": \"\xc0\xaf\"}]", 16},
        {"[{\"image\": \"\xed\xa0\x80\"}]", 17},
        {"[{\"\xf5\": 1}]", 9},
        {"[{\"image\": \"a\\u0000b\"}]", 22},
        {"[{\"image\": \"\\ud800\"}]", 20},
        {"[]\0", 3},
        {"\0", 1},
        {"[{\"image\": \"a\0\"}]", 16},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        assert_null(annotations_parse(cases[i].text, cases[i].length, NULL, &findings));
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0].pointer, "");
        assert_true(
            text_is_utf8(findings.items[0].message, strlen(findings.items[0].message), NULL));
        findings_clear(&findings);
    }
}

static void findings_add_up(UNUSED void **state)
{
    struct findings findings = {0};
    findings_error(&findings, "", "an earlier one");
    struct annotations_list *list = annotations_parse("[]", 2, NULL, &findings);
    assert_non_null(list);
    assert_int_equal(findings.count, 1);
    annotations_list_free(list);
    findings_clear(&findings);
}

/* Whether a policy denied what stands at or below pointer. */
static bool is_denied(const struct findings *findings, const char *pointer)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].class == ERROR_POLICY &&
            text_starts_with(findings->items[i].pointer, pointer))
            return true;
    }
    return false;
}

static void a_policy_sees_images_paths_and_count(UNUSED void **state)
{
    static const char policy_text[] = "apiVersion: hookline.dev/v1alpha1\n"
                                      "kind: HostPathPolicy\n"
                                      "rules:\n"
                                      "- namespaces: [vms]\n"
                                      "  pathPrefixes: [/srv/images]\n"
                                      "images: [\"registry.example/hook-*\"]\n"
                                      "maxSidecars: 3\n";
    static const char text[] =
        "[{\"image\": \"registry.example/hook-a\", \"hostPath\": {\"path\": \"/srv/images/a\", "
        "\"volumePath\": \"/a\"}}, {\"image\": \"elsewhere/hook\"}, {\"command\": [\"x\"], "
        "\"hostPath\": {\"path\": \"/etc\", \"volumePath\": \"/a\"}}, {\"command\": [\"x\"]}]";
    auto_error struct error *err = NULL;
    struct hostpath_policy *policy =
        hostpath_policy_parse("policy.yaml", policy_text, strlen(policy_text), &err);
    assert_null(err);
    static const char *const namespaces[] = {"vms", "default", NULL};
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
        struct annotations_options options = {.policy = policy, .namespace = namespaces[i]};
        struct findings findings = {0};
        assert_null(annotations_parse(text, strlen(text), &options, &findings));
        assert_int_equal(is_denied(&findings, "/0"), i != 0);
        assert_true(is_denied(&findings, "/1/image"));
        assert_true(is_denied(&findings, "/2/hostPath"));
        assert_false(is_denied(&findings, "/3"));
        assert_string_equal(findings.items[0].pointer, ""); /* four are too many */
        assert_int_equal(findings.items[0].class, ERROR_POLICY);
        findings_clear(&findings);
    }
    hostpath_policy_free(policy);
}

static void find_reads_either_key(UNUSED void **state)
{
    static const struct {
        const char *annotations;
        const char *only_key;
        const char *key; /* NULL: none */
        const char *findings;
    } cases[] = {
        {"{}", NULL, NULL, ""},
        {"{\"other\": \"x\"}", NULL, NULL, ""},
        {"{\"hooks.kubevirt.io/hookSidecars\": \"[]\"}", NULL, ANNOTATIONS_KEY_KUBEVIRT, ""},
        {"{\"hookline.dev/hookSidecars\": \"[]\"}", NULL, ANNOTATIONS_KEY_HOOKLINE, ""},
        {"{\"hookline.dev/hookSidecars\": \"[]\"}", ANNOTATIONS_KEY_KUBEVIRT, NULL, ""},
        {"{\"hookline.dev/hookSidecars\": \"[]\", \"hooks.kubevirt.io/hookSidecars\": \"x\"}",
            ANNOTATIONS_KEY_HOOKLINE, ANNOTATIONS_KEY_HOOKLINE, ""},
        {"{\"hookline.dev/hookSidecars\": \"[]\", \"hooks.kubevirt.io/hookSidecars\": \"[]\"}",
            NULL, NULL,
            "error: [\"hookline.dev/hookSidecars\"]: conflicts with "
            "hooks.kubevirt.io/hookSidecars: "
            "keep only one of the two\n"},
        {"{\"hooks.kubevirt.io/hookSidecars\": []}", NULL, NULL,
            "error: [\"hooks.kubevirt.io/hookSidecars\"]: must be a string that holds a JSON "
            "array, "
            "not an array: put it in quotes\n"},
        {"{\"hookline.dev/hookSidecars\": null}", NULL, NULL,
            "error: [\"hookline.dev/hookSidecars\"]: must be a string that holds a JSON array, not "
            "null: put it in quotes\n"},
        {"[]", NULL, NULL, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *annotations = json_loads(cases[i].annotations, 0, NULL);
        struct findings findings = {0};
        const char *key = "unset";
        const char *text = annotations_find(annotations, cases[i].only_key, &key, &findings);
        auto_free char *given = describe_findings(&findings);
        assert_string_equal(given, cases[i].findings);
        assert_int_equal(text == NULL, cases[i].key == NULL);
        if (text != NULL)
            assert_string_equal(text, "[]");
        assert_true(key == cases[i].key || streq(key, cases[i].key));
        findings_clear(&findings);
    }
    const char *key = NULL;
    struct findings findings = {0};
    assert_null(annotations_find(NULL, NULL, &key, &findings));
    assert_int_equal(findings.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_what_is_expected),
        cmocka_unit_test(nothing_is_no_sidecars),
        cmocka_unit_test(cut_json_is_one_error_with_a_place),
        cmocka_unit_test(wrong_types_are_errors_everywhere),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(bytes_that_are_no_text_are_errors),
        cmocka_unit_test(findings_add_up),
        cmocka_unit_test(a_policy_sees_images_paths_and_count),
        cmocka_unit_test(find_reads_either_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
