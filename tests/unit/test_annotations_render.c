/* Every file tests/data/render/NAME.json is a case: the pod of a file in tests/data/render/pods,
 * changed by the RFC 6902 patch "with"; the annotation "sidecars"; the kind "launcher". Rendering
 * gives that pod changed by the RFC 6902 patch "patch", and the findings "findings"; a case without
 * "patch" is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "annotations/launcher.h"
#include "annotations/parse.h"
#include "annotations/patch.h"
#include "annotations/render.h"
#include "base/file.h"
#include "base/unused.h"
#include "tests/unit/cases.h"
#include "tests/unit/rfc6902.h"

/* The pod of a case, as rendering gets it. */
static json_t *load_pod(const json_t *test)
{
    auto_free char *path =
        xasprintf("tests/data/render/pods/%s.json", json_get_string(test, "pod"));
    auto_json json_t *base = cases_load(path);
    json_t *pod = rfc6902_apply(base, json_object_get(test, "with"));
    assert_non_null(pod);
    return pod;
}

static struct annotations_list *parse_list(const json_t *sidecars)
{
    struct findings findings = {0};
    auto_free char *text = json_dumps(sidecars, 0);
    struct annotations_list *list = annotations_parse(text, strlen(text), NULL, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.items[i].severity == FINDING_ERROR)
            fail_msg("%s: %s", findings.items[i].pointer, findings.items[i].message);
    }
    findings_clear(&findings);
    assert_non_null(list);
    return list;
}

/* The findings as a JSON array of "severity pointer: message". */
static json_t *describe(const struct findings *findings)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        json_array_append_new(lines,
            json_sprintf("%s %s: %s", finding->severity == FINDING_ERROR ? "error" : "warning",
                finding->pointer, finding->message));
    }
    return lines;
}

static void set_container_defaults(json_t *container)
{
    const char *resource = NULL;
    json_t *quantity = NULL;
    size_t index = 0;
    json_t *variable = NULL;
    json_t *resources = json_object_get(container, "resources");
    json_t *limits = json_object_get(resources, "limits");
    if (limits != NULL && json_object_get(resources, "requests") == NULL)
        json_object_set_new(resources, "requests", json_object());
    json_object_foreach (limits, resource, quantity) {
        json_t *requests = json_object_get(resources, "requests");
        if (streq(json_string_value(quantity), "0.5"))
            json_object_set_new(limits, resource, json_string("500m"));
        if (json_object_get(requests, resource) == NULL)
            json_object_set(requests, resource, json_object_get(limits, resource));
    }
    json_array_foreach (json_object_get(container, "env"), index, variable) {
        const char *value = json_get_string(variable, "value");
        if (value != NULL && streq(value, ""))
            json_object_del(variable, "value");
    }
    json_object_set_new(container, "terminationMessagePath", json_string("/dev/termination-log"));
}

/* Changes a pod as the API server does: fills in defaults, drops empty fields, and writes
 * quantities in their canonical form. */
static void set_defaults(json_t *pod)
{
    size_t index = 0;
    json_t *item = NULL;
    json_t *spec = json_object_get(pod, "spec");
    json_array_foreach (json_object_get(spec, "containers"), index, item)
        set_container_defaults(item);
    json_array_foreach (json_object_get(spec, "volumes"), index, item) {
        json_t *source = json_object_get(item, "downwardAPI");
        size_t file = 0;
        json_t *file_item = NULL;
        json_array_foreach (json_object_get(source, "items"), file, file_item)
            json_object_set_new(
                json_object_get(file_item, "fieldRef"), "apiVersion", json_string("v1"));
        if (source != NULL)
            json_object_set_new(source, "defaultMode", json_integer(0644));
    }
}

static void run_case(const char *name)
{
    auto_json json_t *test = cases_load(name);
    auto_json json_t *pod = load_pod(test);
    auto_json json_t *before = json_deep_copy(pod);
    auto_annotations_list struct annotations_list *list =
        parse_list(json_object_get(test, "sidecars"));
    struct annotations_render_options options = {.shim_image = "shim:v1", .manager_image = "hm:v1"};
    const char *launcher = json_get_string(test, "launcher");
    assert_int_equal(annotations_launcher_parse(launcher, &options.launcher, NULL), 0);

    struct findings findings = {0};
    auto_json json_t *rendered = annotations_render(pod, list, &options, &findings);
    auto_json json_t *lines = describe(&findings);
    findings_clear(&findings);
    auto_json json_t *none = json_array();
    const json_t *expected_lines = json_object_get(test, "findings");
    cases_check(name, "the list of findings", lines, expected_lines ? expected_lines : none);
    cases_check(name, "the pod that was given", pod, before);

    const json_t *expected_patch = json_object_get(test, "patch");
    if (expected_patch == NULL) {
        assert_null(rendered);
        return;
    }
    assert_non_null(rendered);
    auto_json json_t *patch = annotations_patch(pod, rendered);
    cases_check(name, "the patch", patch, expected_patch);
    auto_json json_t *patched = rfc6902_apply(pod, patch);
    cases_check(name, "the patched pod", patched, rendered);

    /* what is rendered already is left as it is, also as the API server gives it back */
    for (int round = 0; round < 2; round++) {
        auto_json json_t *again = annotations_render(patched, list, &options, &findings);
        findings_clear(&findings);
        auto_json json_t *nothing = annotations_patch(patched, again);
        cases_check(name, "the patch of the next rendering", nothing, none);
        set_defaults(patched);
    }
}

static void test_cases(UNUSED void **state)
{
    cases_run("tests/data/render/*.json", run_case);
}

/* Values of the wrong type anywhere in a pod are refused or ignored, and never cause a crash. */
static void test_wrong_types(UNUSED void **state)
{
    static const char *const places[] = {"", "/metadata", "/metadata/annotations", "/spec",
        "/spec/volumes", "/spec/volumes/0", "/spec/volumes/0/name", "/spec/volumes/3/emptyDir",
        "/spec/initContainers", "/spec/securityContext", "/spec/containers", "/spec/containers/0",
        "/spec/containers/0/name", "/spec/containers/0/args", "/spec/containers/0/args/0",
        "/spec/containers/0/command", "/spec/containers/0/env", "/spec/containers/0/resources",
        "/spec/containers/0/resources/requests", "/spec/containers/0/volumeMounts",
        "/spec/containers/0/volumeMounts/0", "/spec/containers/0/volumeMounts/0/mountPath",
        "/spec/containers/0/securityContext", "/spec/containers/0/securityContext/runAsUser",
        "/spec/containers/1/env", "/spec/containers/1/env/0", "/spec/containers/1/volumeMounts",
        "/spec/containers/1/volumeMounts/0", "/spec/containers/1/resources"};
    static const char *const values[] = {"null", "true", "7", "-1", "\"text\"", "[]", "{}",
        "[null]", "[7]", "{\"name\":7}", "[{\"name\":\"compute\"}]", "[[[]]]"};
    auto_json json_t *given = cases_load("tests/data/render/pods/given.json");
    auto_json json_t *sidecars = cases_load("tests/data/render/all-fields.json");
    auto_annotations_list struct annotations_list *list =
        parse_list(json_object_get(sidecars, "sidecars"));
    for (size_t i = 0; i < ARRAY_SIZE(places) * ARRAY_SIZE(values); i++) {
        json_error_t error;
        json_t *value = json_loads(values[i % ARRAY_SIZE(values)], JSON_DECODE_ANY, &error);
        const char *place = places[i / ARRAY_SIZE(values)];
        auto_json json_t *patch = json_pack(
            "[{s:s, s:s, s:o}]", "op", place[0] ? "add" : "replace", "path", place, "value", value);
        auto_json json_t *pod = rfc6902_apply(given, patch);
        assert_non_null(pod);
        for (int kind = ANNOTATIONS_LAUNCHER_AUTO; kind <= ANNOTATIONS_LAUNCHER_STANDALONE;
             kind++) {
            struct findings findings = {0};
            struct annotations_render_options options = {
                .launcher = (enum annotations_launcher)kind};
            auto_json json_t *rendered = annotations_render(pod, list, &options, &findings);
            assert_true((rendered == NULL) == (findings.errors > 0));
            findings_clear(&findings);
        }
    }
}

static void test_launcher_names(UNUSED void **state)
{
    static const char *const names[] = {
        [ANNOTATIONS_LAUNCHER_AUTO] = "auto",
        [ANNOTATIONS_LAUNCHER_BUILTIN] = "builtin",
        [ANNOTATIONS_LAUNCHER_PLUGIN] = "plugin",
        [ANNOTATIONS_LAUNCHER_STANDALONE] = "standalone",
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        enum annotations_launcher parsed = ANNOTATIONS_LAUNCHER_AUTO;
        assert_int_equal(annotations_launcher_parse(names[i], &parsed, NULL), 0);
        assert_int_equal(parsed, i);
    }
    enum annotations_launcher parsed = ANNOTATIONS_LAUNCHER_AUTO;
    auto_error struct error *err = NULL;
    assert_int_equal(annotations_launcher_parse("plug-in", &parsed, &err), -1);
    assert_int_equal(err->class, ERROR_USAGE);
    assert_string_equal(err->message,
        "\"plug-in\" is not a kind of launcher: use auto, builtin, plugin or standalone "
        "(did you mean \"plugin\"?)");
}

static void test_launcher_detect(UNUSED void **state)
{
    static const struct {
        const char *pod;
        enum annotations_launcher launcher;
    } cases[] = {
        {"{\"spec\":{\"containers\":[{\"name\":\"compute\",\"args\":[\"--hook-sidecars\",\"0\"]}]}"
         "}",
            ANNOTATIONS_LAUNCHER_BUILTIN},
        {"{\"spec\":{\"containers\":[{\"name\":\"compute\",\"args\":[\"--hook-sidecars=0\"]}]}}",
            ANNOTATIONS_LAUNCHER_BUILTIN},
        {"{\"spec\":{\"containers\":[{\"name\":\"compute\","
         "\"command\":[\"virt-launcher\",\"--hook-sidecars\",\"2\"]}]}}",
            ANNOTATIONS_LAUNCHER_BUILTIN},
        {"{\"spec\":{\"containers\":[{\"name\":\"compute\",\"args\":[\"--hook-sidecars-x\"],"
         "\"volumeMounts\":[{\"name\":\"p\",\"mountPath\":\"/var/run/kubevirt-plugin/\"}]}]}}",
            ANNOTATIONS_LAUNCHER_PLUGIN},
        {"{\"spec\":{\"containers\":[{\"name\":\"other\",\"args\":[\"--hook-sidecars\",\"0\"]},"
         "{\"name\":\"compute\",\"volumeMounts\":[{\"name\":\"p\","
         "\"mountPath\":\"/var/run/kubevirt-plugins\"}]}]}}",
            ANNOTATIONS_LAUNCHER_STANDALONE},
        {"{}", ANNOTATIONS_LAUNCHER_STANDALONE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *pod = json_loads(cases[i].pod, 0, NULL);
        assert_non_null(pod);
        assert_int_equal(annotations_launcher_detect(pod), cases[i].launcher);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_launcher_names),
        cmocka_unit_test(test_launcher_detect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
