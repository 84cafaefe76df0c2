/* The pod that is used if no launcher pod is given: its contents, for each kind of launcher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "annotations/launcher.h"
#include "annotations/minimal_pod.h"
#include "annotations/render.h"
#include "base/json.h"
#include "base/unused.h"

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    if (value == NULL)
        fail_msg("%s: %s", error.text, text);
    return value;
}

static void check_at(const json_t *pod, const char *pointer, const char *expected)
{
    const json_t *value = json_pointer_get(pod, pointer);
    if (value == NULL && expected == NULL)
        return;
    auto_free char *text =
        value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : xstrdup("not there");
    if (expected == NULL)
        fail_msg("%s is %s", pointer, text);
    assert_string_equal(text, expected);
}

static const char vmi_text[] =
    "{\"metadata\":{\"name\":\"demo\",\"namespace\":\"vms\",\"uid\":\"1-2\",\"labels\":"
    "{\"special\":\"yes\"},\"annotations\":{\"hooks.kubevirt.io/hookSidecars\":\"[]\","
    "\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\","
    "\"kubevirt.io/latest-observed-api-version\":\"v1\","
    "\"kubevirt.io/storage-observed-api-version\":\"v1\","
    "\"smbios.vm.kubevirt.io/baseBoardManufacturer\":\"Example Boards Inc.\"}}}";

static void test_metadata(UNUSED void **state)
{
    auto_json json_t *vmi = parse(vmi_text);
    auto_json json_t *pod = annotations_minimal_pod(vmi, ANNOTATIONS_LAUNCHER_AUTO);
    check_at(pod, "/kind", "\"Pod\"");
    check_at(pod, "/metadata/generateName", "\"virt-launcher-demo-\"");
    check_at(pod, "/metadata/namespace", "\"vms\"");
    check_at(pod, "/metadata/labels",
        "{\"special\":\"yes\",\"kubevirt.io\":\"virt-launcher\",\"kubevirt.io/created-by\":\"1-2\","
        "\"vm.kubevirt.io/name\":\"demo\",\"vmi.kubevirt.io/id\":\"demo\"}");
    check_at(pod, "/metadata/annotations",
        "{\"hooks.kubevirt.io/hookSidecars\":\"[]\","
        "\"smbios.vm.kubevirt.io/baseBoardManufacturer\":\"Example Boards Inc.\","
        "\"kubectl.kubernetes.io/default-container\":\"compute\","
        "\"kubevirt.io/domain\":\"demo\"}");
    check_at(pod, "/metadata/ownerReferences",
        "[{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachineInstance\",\"name\":\"demo\","
        "\"uid\":\"1-2\",\"controller\":true,\"blockOwnerDeletion\":true}]");
}

static void test_user(UNUSED void **state)
{
    static const struct {
        const char *vmi;
        const char *user;
    } cases[] = {
        {"{\"metadata\":{\"name\":\"a\"}}", "107"},
        {"{\"metadata\":{\"name\":\"a\"},\"status\":{\"runtimeUser\":107}}", "107"},
        {"{\"metadata\":{\"name\":\"a\"},\"status\":{\"runtimeUser\":0}}", "0"},
        {"{\"metadata\":{\"name\":\"a\",\"annotations\":{\"kubevirt.io/nonroot\":\"\"}},"
         "\"status\":{\"runtimeUser\":0}}",
            "107"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *vmi = parse(cases[i].vmi);
        auto_json json_t *pod = annotations_minimal_pod(vmi, ANNOTATIONS_LAUNCHER_BUILTIN);
        check_at(pod, "/spec/securityContext/runAsUser", cases[i].user);
        check_at(pod, "/spec/containers/0/securityContext/runAsUser", cases[i].user);
    }
}

/* The pod is of the requested kind. */
static void test_launchers(UNUSED void **state)
{
    auto_json json_t *vmi = parse(vmi_text);
    for (int kind = ANNOTATIONS_LAUNCHER_BUILTIN; kind <= ANNOTATIONS_LAUNCHER_STANDALONE; kind++) {
        auto_json json_t *pod = annotations_minimal_pod(vmi, (enum annotations_launcher)kind);
        assert_int_equal(annotations_launcher_detect(pod), kind);
        struct annotations_sidecar sidecar = {.pod_info = true};
        struct annotations_list list = {.sidecars = &sidecar, .count = 1};
        struct findings findings = {0};
        auto_json json_t *rendered = annotations_render(pod, &list, NULL, &findings);
        assert_int_equal(findings.count, 0);
        check_at(rendered, "/spec/containers/1/image", "\"" ANNOTATIONS_SHIM_IMAGE "\"");
        check_at(rendered, "/spec/containers/2/image",
            kind == ANNOTATIONS_LAUNCHER_PLUGIN ? "\"" ANNOTATIONS_MANAGER_IMAGE "\"" : NULL);
    }
    auto_json json_t *pod = annotations_minimal_pod(vmi, ANNOTATIONS_LAUNCHER_AUTO);
    assert_int_equal(annotations_launcher_detect(pod), ANNOTATIONS_LAUNCHER_BUILTIN);
}

/* No part of a VMI is required, or must be of the right type. */
static void test_poor_vmi(UNUSED void **state)
{
    static const char *const vmis[] = {"{}", "[]", "{\"metadata\":7}",
        "{\"metadata\":{\"name\":7}}",
        "{\"metadata\":{\"labels\":[],\"annotations\":\"x\",\"uid\":{}},\"status\":[]}"};
    for (size_t i = 0; i < ARRAY_SIZE(vmis); i++) {
        auto_json json_t *vmi = parse(vmis[i]);
        auto_json json_t *pod = annotations_minimal_pod(vmi, ANNOTATIONS_LAUNCHER_AUTO);
        check_at(pod, "/metadata/generateName", "\"virt-launcher-vmi-\"");
        check_at(pod, "/metadata/ownerReferences/0/uid", NULL);
        check_at(pod, "/metadata/namespace", "\"default\"");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_launchers),
        cmocka_unit_test(test_poor_vmi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
