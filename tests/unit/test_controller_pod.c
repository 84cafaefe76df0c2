/* Every file tests/data/controller/pod/NAME.yaml is a case: the VMI "machine", the pod
 * template "template", the claims "claims" by name, the policy "policy" as text. NAME.expected is
 * the pod, as YAML, after the findings and what the VMI needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "annotations/launcher.h"
#include "annotations/parse.h"
#include "base/unused.h"
#include "base/yaml_dump.h"
#include "controller/launch/pod.h"
#include "controller/launch/pod_needs.h"
#include "controller/launch/pod_template.h"
#include "controller/webhook/review.h"
#include "hostpath/policy_parse.h"
#include "tests/unit/expected.h"

static const char folder[] = "tests/data/controller/pod";

static char launcher_image[] = "registry.example/hook-launcher:1";
static char shim_image[] = "registry.example/sidecar-shim:1";
static const struct controller_settings settings = {
    .launcher_image = launcher_image,
    .shim_image = shim_image,
};

static struct annotations_list *parse_list(const json_t *machine)
{
    struct findings findings = {0};
    const char *key = NULL;
    const char *text =
        annotations_find(json_pointer_get(machine, "/metadata/annotations"), NULL, &key, &findings);
    struct annotations_list *list =
        text == NULL ? NULL : annotations_parse(text, strlen(text), NULL, &findings);
    assert_int_equal(findings.errors, 0);
    findings_clear(&findings);
    return list;
}

static void append_findings(char **out, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        expected_append(out, xasprintf("# %s %s: %s\n",
                                 finding->severity == FINDING_WARNING ? "warning"
                                 : finding->class == ERROR_POLICY     ? "policy"
                                                                      : "error",
                                 finding->pointer, finding->message));
    }
}

static void append_needs(char **out, const json_t *machine, const struct annotations_list *list)
{
    struct controller_pod_needs needs;
    controller_pod_needs_of(machine, list, &needs);
    const struct {
        const char *kind;
        char **names;
    } kinds[] = {{"config map", needs.config_maps}, {"claim", needs.claims}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        for (char **name = kinds[i].names; *name != NULL; name++)
            expected_append(out, xasprintf("# needs %s %s\n", kinds[i].kind, *name));
    }
    controller_pod_needs_clear(&needs);
}

/* Our own webhook does not change the pod, whatever the kind of KubeVirt's launchers is set to. */
static void check_untouched_by_review(const json_t *pod)
{
    const enum annotations_launcher kinds[] = {ANNOTATIONS_LAUNCHER_AUTO,
        ANNOTATIONS_LAUNCHER_BUILTIN, ANNOTATIONS_LAUNCHER_PLUGIN, ANNOTATIONS_LAUNCHER_STANDALONE};
    auto_json json_t *request = json_pack(
        "{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:s, s:O}}", "apiVersion",
        "admission.k8s.io/v1", "kind", "AdmissionReview", "request", "uid", "1", "operation",
        "CREATE", "kind", "group", "", "version", "v1", "kind", "Pod", "resource", "group", "",
        "version", "v1", "resource", "pods", "namespace", "default", "object", pod);
    auto_free char *body = json_dumps(request, JSON_COMPACT);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct controller_review_options options = {.render.launcher = kinds[i]};
        enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
        auto_json json_t *answer =
            controller_review(CONTROLLER_MUTATE_PODS, body, strlen(body), &options, &outcome, NULL);
        assert_non_null(answer);
        assert_string_equal(controller_review_outcome_name(outcome),
            controller_review_outcome_name(CONTROLLER_REVIEW_UNTOUCHED));
    }
}

/* The result of a case, in the format of the .expected files. */
static char *describe(const json_t *test)
{
    const json_t *machine = json_object_get(test, "machine");
    struct annotations_list *list = parse_list(machine);
    const char *policy_text = json_get_string(test, "policy");
    struct hostpath_policy *policy =
        policy_text == NULL
            ? NULL
            : hostpath_policy_parse("policy", policy_text, strlen(policy_text), NULL);
    const struct controller_pod_input input = {
        .machine = machine,
        .template_ = json_object_get(test, "template"),
        .claims = json_object_get(test, "claims"),
        .list = list,
        .policy = policy,
        .settings = &settings,
    };
    struct findings findings = {0};
    json_t *untouched = json_deep_copy(test);
    if (input.template_ != NULL)
        controller_pod_template_check(input.template_, &findings);
    json_t *pod = findings.errors == 0 ? controller_pod_make(&input, &findings) : NULL;
    assert_int_equal(pod == NULL, findings.errors > 0);
    assert_true(json_equal(untouched, test));
    if (pod != NULL)
        check_untouched_by_review(pod);
    char *out = xstrdup("");
    append_findings(&out, &findings);
    append_needs(&out, machine, list);
    expected_append(&out, pod == NULL ? xstrdup("refused\n") : yaml_dump(pod, NULL));
    json_decref(untouched);
    json_decref(pod);
    findings_clear(&findings);
    annotations_list_free(list);
    hostpath_policy_free(policy);
    return out;
}

static void files_give_what_is_expected(UNUSED void **state)
{
    expected_check(folder, describe);
}

/* The pod of a VMI with this much user data, in bytes; NULL with findings. */
static json_t *pod_with_user_data(size_t length, struct findings *findings)
{
    auto_free char *data = xmalloc(length + 1);
    memset(data, 'x', length);
    data[length] = '\0';
    auto_json json_t *machine =
        json_pack("{s:{s:s, s:s, s:s}, s:{s:{s:{s:s}}, s:[{s:s, s:{s:s}}]}}", "metadata", "name",
            "large", "namespace", "default", "uid", "1", "spec", "domain", "memory", "guest",
            "64Mi", "volumes", "name", "init", "cloudInitNoCloud", "userData", data);
    const struct controller_pod_input input = {.machine = machine, .settings = &settings};
    return controller_pod_make(&input, findings);
}

static void a_machine_too_large_for_an_annotation_is_refused(UNUSED void **state)
{
    struct findings findings = {0};
    json_decref(pod_with_user_data(255 * 1024, &findings));
    assert_int_equal(findings.count, 0);
    assert_null(pod_with_user_data(256 * 1024, &findings));
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(findings.items[0].message, "Kubernetes allows 262144"));
    findings_clear(&findings);
}

/* The lines of text from the one that begins with four spaces and first to the end of the block. */
static char *indented_block(const char *text, const char *first)
{
    auto_free char *begin = xasprintf("\n    %s\n", first);
    const char *line = strstr(text, begin);
    assert_non_null(line);
    char *block = xstrdup("");
    while (text_starts_with(++line, "    ")) {
        const char *end = strchrnul(line, '\n');
        expected_append(&block, xasprintf("%.*s\n", (int)(end - line - 4), line + 4));
        line = end;
    }
    return block;
}

static void the_default_is_what_the_documentation_says(UNUSED void **state)
{
    auto_free char *path = file_join(folder, "minimal.yaml");
    auto_json json_t *test = expected_load(path);
    const struct controller_pod_input input = {
        .machine = json_object_get(test, "machine"), .settings = &settings};
    struct findings findings = {0};
    auto_json json_t *pod = controller_pod_make(&input, &findings);
    auto_free char *page = NULL;
    size_t length = 0;
    assert_int_equal(file_read("docs/controller.md", EXPECTED_FILE_LIMIT, &page, &length, NULL), 0);
    auto_free char *block =
        indented_block(page, "spec:\n      automountServiceAccountToken: false");
    struct yaml_stream stream = {0};
    assert_int_equal(yaml_parse("docs/controller.md", block, strlen(block), &stream, NULL), 0);
    assert_true(json_equal(
        json_object_get(stream.documents[0].root, "spec"), json_object_get(pod, "spec")));
    yaml_stream_clear(&stream);
}

static void templates_are_read_with_their_faults(UNUSED void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", NULL},
        {"{}\n", NULL},
        {"# nothing\n", NULL},
        {"metadata:\nspec:\n  containers:\n", NULL},
        {"spec: {nodeSelector: {a: b}}", NULL},
        {"spec: {volumes: [{name: a, nfs: {}, csi: {}, fc: {}, rbd: {}, iscsi: {}, image: {}}]}",
            NULL},
        {"spec: {containers: [{name: a, newerField: 1}], imagePullSecrets: [{name: a, b: 1}]}",
            NULL},
        {"spec: [", "t:1:8: "},
        {"[]", "t:1:1: must be an object, not an array"},
        {"a: 1\n---\nb: 2\n", "t: must be one pod template, not 2"},
        {"spec:\n  nodeSelecter: {}\n  volumes:\n  - {}\n",
            "t:2:17: spec.nodeSelecter: is not a known field (did you mean \"nodeSelector\"?); "
            "t:4:5: spec.volumes[0].name: is required"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        auto_json json_t *template_ = controller_pod_template_parse("t", cases[i].text, &error);
        if (cases[i].expected == NULL) {
            assert_true(json_is_object(template_));
            continue;
        }
        assert_null(template_);
        if (!text_starts_with(error->message, cases[i].expected))
            fail_msg("%s gives %s", cases[i].text, error->message);
    }
}

/* No more of them are requested, or read, than a VMI may have. */
static void too_many_volumes_are_refused(UNUSED void **state)
{
    auto_json json_t *machine = json_pack("{s:{s:s, s:s, s:s}, s:{s:{}, s:[]}}", "metadata", "name",
        "a", "namespace", "b", "uid", "c", "spec", "domain", "volumes");
    json_t *volumes = json_pointer_get(machine, "/spec/volumes");
    for (int i = 0; i <= CONTROLLER_VOLUMES_MAX; i++) {
        auto_free char *name = xasprintf("map-%d", i);
        json_array_append_new(
            volumes, json_pack("{s:s, s:{s:s}}", "name", name, "configMap", "name", name));
    }
    struct controller_pod_needs needs;
    size_t count = 0;
    controller_pod_needs_of(machine, NULL, &needs);
    while (needs.config_maps[count] != NULL)
        count++;
    assert_int_equal(count, CONTROLLER_VOLUMES_MAX);
    controller_pod_needs_clear(&needs);

    const struct controller_pod_input input = {.machine = machine, .settings = &settings};
    struct findings findings = {0};
    assert_null(controller_pod_make(&input, &findings));
    assert_int_equal(findings.errors, 1);
    auto_free char *text = finding_text(&findings.items[0]);
    assert_string_equal(text, "spec.volumes: has 257 volumes; at most 256 are allowed");
    findings_clear(&findings);
    json_array_remove(volumes, 0);
    auto_json json_t *pod = controller_pod_make(&input, &findings);
    assert_non_null(pod);
    findings_clear(&findings);
}

static void names_are_of_the_uid_and_valid(UNUSED void **state)
{
    static const struct {
        const char *name, *uid, *expected;
    } cases[] = {
        {"a", "", "virt-launcher-a-e3b0c44298"},
        {"a", "abc", "virt-launcher-a-ba7816bf8f"},
        {"b", "abc", "virt-launcher-b-ba7816bf8f"},
        {"a-name-that-is-longer-than-the-room-that-there-is", "abc",
            "virt-launcher-a-name-that-is-longer-than-the-room-th-ba7816bf8f"},
        {"a-name-that-ends-in-a-dash-at-the-cut.-.-x", "abc",
            "virt-launcher-a-name-that-ends-in-a-dash-at-the-cut-ba7816bf8f"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *machine =
            json_pack("{s:{s:s, s:s}}", "metadata", "name", cases[i].name, "uid", cases[i].uid);
        auto_free char *name = controller_pod_name(machine);
        assert_string_equal(name, cases[i].expected);
        assert_true(strlen(name) <= 63);
    }
}

/* Replaces every value of the case that has everything with other types, one after another: there
 * is a finding or a pod, and never a crash. */
static void replace_each(json_t *root, json_t *value)
{
    static const char *const others[] = {"null", "true", "-1", "\"$(x)\"", "[]", "{}", "[[1]]",
        "[{\"name\": 1}]", "{\"name\": {}}", "\"/..\""};
    void *next = NULL;
    const char *key = NULL;
    json_t *child = NULL;
    size_t count = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    for (size_t i = 0; json_is_array(value) && i < count; i++) {
        child = json_incref(json_array_get(value, i));
        for (size_t k = 0; k < ARRAY_SIZE(others); k++) {
            json_array_set_new(value, i, json_loads(others[k], JSON_DECODE_ANY, NULL));
            free(describe(root));
        }
        json_array_set_new(value, i, child);
        replace_each(root, child);
    }
    json_object_foreach_safe (value, next, key, child) {
        json_incref(child);
        for (size_t k = 0; k < ARRAY_SIZE(others) && value != root; k++) {
            json_object_set_new(value, key, json_loads(others[k], JSON_DECODE_ANY, NULL));
            free(describe(root));
        }
        json_object_set_new(value, key, child);
        replace_each(root, child);
    }
}

static void wrong_types_break_nothing(UNUSED void **state)
{
    auto_free char *path = file_join(folder, "volumes.yaml");
    auto_json json_t *test = expected_load(path);
    json_t *annotations = json_pointer_get(test, "/machine/metadata/annotations");
    json_object_clear(annotations); /* parsed before, by others */
    replace_each(test, test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_what_is_expected),
        cmocka_unit_test(a_machine_too_large_for_an_annotation_is_refused),
        cmocka_unit_test(the_default_is_what_the_documentation_says),
        cmocka_unit_test(templates_are_read_with_their_faults),
        cmocka_unit_test(too_many_volumes_are_refused),
        cmocka_unit_test(names_are_of_the_uid_and_valid),
        cmocka_unit_test(wrong_types_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
