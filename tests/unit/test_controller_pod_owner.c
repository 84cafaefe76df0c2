/* Which pod is a VMI's own: the one that the controller created, and none that only says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/unused.h"
#include "controller/launch/pod.h"
#include "controller/launch/pod_owner.h"
#include "controller/watch/pod_prune.h"

static const char vmi[] = "{\"metadata\": {\"name\": \"vm\", \"namespace\": \"vms\", \"uid\": "
                          "\"u-1\"}}";

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

/* The VMI's own pod. */
static json_t *make_pod(const json_t *machine)
{
    auto_free char *name = controller_pod_name(machine);
    return json_pack("{s:{s:s, s:s, s:s, s:{s:s, s:s}, s:[{s:s, s:s, s:s, s:s, s:b}]}, s:{}}",
        "metadata", "name", name, "namespace", "vms", "uid", "pod-1", "labels", "kubevirt.io",
        "virt-launcher", "hookline.dev/launch", "true", "ownerReferences", "apiVersion",
        "kubevirt.io/v1", "kind", "VirtualMachineInstance", "name", "vm", "uid", "u-1",
        "controller", 1, "spec");
}

/* The answer, which must be the same for the cached form of the pod. */
static bool is_own(const json_t *pod, const json_t *machine)
{
    auto_json json_t *cached = controller_pod_prune(NULL, pod);
    bool own = controller_pod_owner_is(pod, machine);
    assert_int_equal(controller_pod_owner_is(cached, machine), own);
    return own;
}

static void the_own_pod(UNUSED void **state)
{
    static const char *const versions[] = {"kubevirt.io/v1", "kubevirt.io/v1alpha3"};
    auto_json json_t *machine = parse(vmi);
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        auto_json json_t *pod = make_pod(machine);
        json_object_set_new(json_pointer_get(pod, "/metadata/ownerReferences/0"), "apiVersion",
            json_string(versions[i]));
        assert_true(is_own(pod, machine));
    }
}

static void pods_that_only_say_so(UNUSED void **state)
{
    static const struct {
        const char *where, *key, *value; /* NULL: the key is removed */
    } cases[] = {
        {"/metadata", "namespace", "evil"},
        {"/metadata", "name", "virt-launcher-vm"},
        {"/metadata", "name", "virt-launcher-vm-0000000000"},
        {"/metadata/labels", "hookline.dev/launch", NULL},
        {"/metadata/labels", "hookline.dev/launch", "false"},
        {"/metadata", "ownerReferences", NULL},
        {"/metadata/ownerReferences/0", "uid", "u-2"},
        {"/metadata/ownerReferences/0", "uid", NULL},
        {"/metadata/ownerReferences/0", "name", "other"},
        {"/metadata/ownerReferences/0", "name", NULL},
        {"/metadata/ownerReferences/0", "kind", "VirtualMachine"},
        {"/metadata/ownerReferences/0", "apiVersion", NULL},
        {"/metadata/ownerReferences/0", "apiVersion", "v1"},
        {"/metadata/ownerReferences/0", "apiVersion", "kubevirt.io"},
        {"/metadata/ownerReferences/0", "apiVersion", "kubevirt.io.example.org/v1"},
        {"/metadata/ownerReferences/0", "apiVersion", "pool.kubevirt.io/v1"},
        {"/metadata/ownerReferences/0", "controller", NULL},
        {"/metadata/ownerReferences/0", "controller", "true"},
    };
    auto_json json_t *machine = parse(vmi);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *pod = make_pod(machine);
        json_t *where = json_pointer_get(pod, cases[i].where);
        if (cases[i].value != NULL)
            json_object_set_new(where, cases[i].key, json_string(cases[i].value));
        else
            json_object_del(where, cases[i].key);
        if (is_own(pod, machine))
            fail_msg("case %zu: %s %s", i, cases[i].key, cases[i].value);
    }
}

/* A pod that was made under the same name later. */
static void another_pod_than_the_active_one(UNUSED void **state)
{
    static const struct {
        const char *status;
        bool own;
    } cases[] = {
        {"{\"phase\": \"Running\", \"activePods\": {\"pod-1\": \"node\"}}", true},
        {"{\"phase\": \"Running\", \"activePods\": {\"pod-0\": \"node\"}}", false},
        {"{\"phase\": \"Scheduling\", \"activePods\": {\"pod-0\": \"\"}}", false},
        {"{\"phase\": \"Running\", \"activePods\": {\"a\": \"\", \"pod-1\": \"\"}}", true},
        {"{\"phase\": \"Running\", \"activePods\": {}}", true},
        {"{\"phase\": \"Running\", \"activePods\": 7}", true},
        {"{\"phase\": \"Pending\", \"activePods\": {\"pod-0\": \"node\"}}", true},
        {"{\"activePods\": {\"pod-0\": \"node\"}}", true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *machine = parse(vmi);
        auto_json json_t *pod = make_pod(machine);
        json_object_set_new(machine, "status", parse(cases[i].status));
        assert_int_equal(is_own(pod, machine), cases[i].own);
    }
}

static void what_is_no_pod(UNUSED void **state)
{
    static const char *const texts[] = {"{}", "[]", "{\"metadata\": []}",
        "{\"metadata\": {\"ownerReferences\": {\"controller\": true}}}",
        "{\"metadata\": {\"ownerReferences\": [7, null, {\"controller\": true}]}}"};
    auto_json json_t *machine = parse(vmi);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_json json_t *pod = parse(texts[i]);
        assert_null(controller_pod_owner_reference(pod));
        assert_false(controller_pod_owner_is(pod, machine));
    }
    assert_null(controller_pod_owner_reference(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_pod),
        cmocka_unit_test(pods_that_only_say_so),
        cmocka_unit_test(another_pod_than_the_active_one),
        cmocka_unit_test(what_is_no_pod),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
