/* Snapshots and restores: the objects, and what their statuses say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/restore.h"
#include "appliance/snapshot.h"
#include "appliance_look.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

static void check_json(json_t *take_object, const char *expected)
{
    auto_json json_t *wanted = json_loads(expected, 0, NULL);
    auto_free char *text = json_dumps(take_object, JSON_INDENT(1));
    assert_non_null(wanted);
    if (!json_equal(take_object, wanted))
        fail_msg("%s", text);
    json_decref(take_object);
}

static void test_objects(UNUSED void **state)
{
    check_json(appliance_snapshot_new("shop", "web", "web-1", 0),
        "{\"apiVersion\": \"snapshot.kubevirt.io/v1beta1\", \"kind\": \"VirtualMachineSnapshot\","
        " \"metadata\": {\"namespace\": \"shop\", \"name\": \"web-1\"}, \"spec\": {\"source\":"
        " {\"apiGroup\": \"kubevirt.io\", \"kind\": \"VirtualMachine\", \"name\": \"web\"}}}");
    auto_json json_t *hasty = appliance_snapshot_new("shop", "web", "web-1", 90500);
    assert_string_equal(json_get_string(json_object_get(hasty, "spec"), "failureDeadline"), "91s");
    check_json(appliance_restore_new("shop", "web", "web-1", "r", true),
        "{\"apiVersion\": \"snapshot.kubevirt.io/v1beta1\", \"kind\": \"VirtualMachineRestore\","
        " \"metadata\": {\"namespace\": \"shop\", \"name\": \"r\"}, \"spec\": {\"target\":"
        " {\"apiGroup\": \"kubevirt.io\", \"kind\": \"VirtualMachine\", \"name\": \"web\"},"
        " \"virtualMachineSnapshotName\": \"web-1\", \"targetReadinessPolicy\": \"StopTarget\"}}");
}

static void test_names(UNUSED void **state)
{
    char longest[200];
    memset(longest, 'v', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    auto_free char *name = appliance_snapshot_name("web", 1796019300);
    auto_free char *cut = appliance_snapshot_name(longest, 0);
    assert_string_equal(name, "web-20261130-061500");
    assert_int_equal(strlen(cut), 63);
    assert_true(text_ends_with(cut, "v-19700101-000000"));
}

#define CONDITION(type, status, reason)                                                            \
    "{\"type\": \"" type "\", \"status\": \"" status "\", \"reason\": \"" reason "\"}"

static void test_snapshot_statuses(UNUSED void **state)
{
    static const struct look_case cases[] = {
        {"{\"spec\": {}}", 0, "not begun yet"},
        {"{\"status\": {\"phase\": \"InProgress\", \"readyToUse\": false, \"conditions\": "
         "[" CONDITION("Progressing", "False",
             "Source not locked source is offline but 1 pods using "
             "PVCs [root]") "]}}",
            0, "being taken: Source not locked source is offline but 1 pods using PVCs [root]"},
        {"{\"status\": {\"phase\": \"InProgress\", \"readyToUse\": false, \"error\": {\"message\":"
         " \"VolumeSnapshot v error: no space\"}, \"conditions\": [" CONDITION(
             "Progressing", "False", "In error state") "]}}",
            0, "KubeVirt tries again until its deadline: VolumeSnapshot v error: no space"},
        {"{\"status\": {\"phase\": \"Succeeded\", \"readyToUse\": false}}", 0,
            "taken; the storage completes it"},
        {"{\"status\": {\"phase\": \"Succeeded\", \"readyToUse\": true}}", 1, NULL},
        {"{\"status\": {\"phase\": \"Failed\", \"readyToUse\": false, \"error\": {\"message\":"
         " \"VolumeSnapshot v error: no space\"}, \"conditions\": [" CONDITION(
             "Failure", "True", "snapshot deadline exceeded") "," CONDITION("Progressing", "False",
             "Operation failed") "]}}",
            -1,
            "it failed: VolumeSnapshot v error: no space; Failure is True (snapshot deadline "
            "exceeded); Progressing is False (Operation failed)"},
        {"{\"metadata\": {\"deletionTimestamp\": \"2026-11-30T06:00:00Z\"}, \"status\":"
         " {\"phase\": \"Succeeded\", \"readyToUse\": true}}",
            -1, "it is being deleted"},
        {"{\"status\": {\"phase\": \"Deleting\"}}", -1, "it is being deleted"},
        {"{\"status\": {\"phase\": 7, \"readyToUse\": \"yes\"}}", 0, "not begun yet"},
    };
    look_check(appliance_snapshot_look, cases, ARRAY_SIZE(cases));
}

static void test_restore_statuses(UNUSED void **state)
{
    static const struct look_case cases[] = {
        {"{}", 0, "not begun yet"},
        {"{\"status\": {\"complete\": false, \"conditions\": [" CONDITION(
             "Progressing", "True", "Creating new PVCs") "]}}",
            0, "Creating new PVCs"},
        {"{\"status\": {\"complete\": true, \"conditions\": [" CONDITION(
             "Progressing", "False", "Operation complete") "]}}",
            1, NULL},
        {"{\"status\": {\"complete\": false, \"conditions\": [" CONDITION("Failure", "True",
             "Restore target VMI must be powered off before restore "
             "operation") "]}}",
            -1, "it failed: Restore target VMI must be powered off before restore operation"},
        {"{\"metadata\": {\"deletionTimestamp\": \"2026-11-30T06:00:00Z\"}}", -1,
            "it is being deleted"},
    };
    look_check(appliance_restore_look, cases, ARRAY_SIZE(cases));
}

static void test_notes(UNUSED void **state)
{
    auto_json json_t *snapshot = json_loads(
        "{\"status\": {\"indications\": [\"Online\", \"NoGuestAgent\"], \"sourceIndications\": ["
        "{\"indication\": \"Online\", \"message\": \"Taken while it ran.\"},"
        "{\"indication\": \"NoGuestAgent\"}, {}], \"snapshotVolumes\": {\"includedVolumes\":"
        " [\"root\", \"data\"], \"excludedVolumes\": [\"scratch\", 7]}}}",
        0, NULL);
    auto_json json_t *old =
        json_loads("{\"status\": {\"indications\": [\"Online\", \"GuestAgent\"]}}", 0, NULL);
    auto_free char *volumes = appliance_snapshot_included(snapshot);
    auto_free char *none = appliance_snapshot_included(old);
    assert_string_equal(volumes, "root, data");
    assert_string_equal(none, "none");
    check_json(appliance_snapshot_notes(old) /* as an object */, "[\"Online, GuestAgent\"]");
    check_json(appliance_snapshot_notes(snapshot),
        "[\"Online: Taken while it ran.\", \"NoGuestAgent\","
        " \"these volumes are not in it: scratch\"]");
}

static void test_unfit_disks(UNUSED void **state)
{
    auto_json json_t *vm = json_loads(
        "{\"spec\": {\"template\": {\"spec\": {\"volumes\": ["
        "{\"name\": \"root\", \"dataVolume\": {\"name\": \"web-root\"}},"
        "{\"name\": \"data\", \"persistentVolumeClaim\": {\"claimName\": \"d\"}},"
        "{\"name\": \"init\", \"cloudInitNoCloud\": {}}]}}}, \"status\":"
        " {\"volumeSnapshotStatuses\": ["
        "{\"name\": \"root\", \"enabled\": true},"
        "{\"name\": \"data\", \"enabled\": false, \"reason\": \"No VolumeSnapshotClass\"},"
        "{\"name\": \"init\", \"enabled\": false, \"reason\": \"not supported\"}]}}",
        0, NULL);
    auto_json json_t *unknown = json_loads("{\"spec\": {}}", 0, NULL);
    auto_free char *unfit = appliance_snapshot_unfit(vm);
    assert_string_equal(unfit, "data: No VolumeSnapshotClass");
    assert_null(appliance_snapshot_unfit(unknown));
}

static void test_whether_it_can_be_restored(UNUSED void **state)
{
    static const char ready[] =
        "{\"metadata\": {\"namespace\": \"shop\", \"name\": \"s\"}, \"spec\": {\"source\":"
        " {\"name\": \"web\"}}, \"status\": {\"readyToUse\": true}}";
    static const char running[] = "{\"status\": {\"created\": true}}";
    static const struct {
        const char *snapshot, *name, *vm;
        bool stop;
        const char *message; /* NULL: it can */
    } cases[] = {
        {ready, "web", "{\"status\": {}}", false, NULL},
        {ready, "new", NULL, false, NULL},
        {ready, "web", running, true, NULL},
        {ready, "web", running, false,
            "VirtualMachine shop/web is running: stop it first (virtctl stop web -n shop), or let "
            "it be stopped with --stop"},
        {ready, "other", "{}", true,
            "VirtualMachineSnapshot shop/s is of VirtualMachine web: it can be restored to that, "
            "or "
            "to a name that no VirtualMachine has, and other exists"},
        {"{\"metadata\": {\"namespace\": \"shop\", \"name\": \"s\"}, \"status\": {\"readyToUse\":"
         " false, \"error\": {\"message\": \"no space\"}}}",
            "web", NULL, false, "VirtualMachineSnapshot shop/s is not ready to use: no space"},
        {"{\"metadata\": {\"namespace\": \"shop\", \"name\": \"s\"}}", "web", NULL, false,
            "VirtualMachineSnapshot shop/s is not ready to use: KubeVirt has not begun it"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *snapshot = json_loads(cases[i].snapshot, 0, NULL);
        auto_json json_t *vm = cases[i].vm != NULL ? json_loads(cases[i].vm, 0, NULL) : NULL;
        auto_error struct error *error = NULL;
        int result = appliance_restore_check(snapshot, cases[i].name, vm, cases[i].stop, &error);
        assert_int_equal(result, cases[i].message == NULL ? 0 : -1);
        if (cases[i].message != NULL)
            assert_string_equal(error->message, cases[i].message);
    }
}

static void test_restores_under_way(UNUSED void **state)
{
    static const struct {
        const char *status;
        bool under_way;
    } cases[] = {
        {"null", true},
        {"{\"complete\": false}", true},
        {"{\"complete\": true}", false},
        {"{\"conditions\": [" CONDITION("Failure", "True", "x") "]}", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *restore = appliance_restore_new("shop", "web", "s", "r", false);
        json_object_set_new(restore, "status", json_loads(cases[i].status, JSON_DECODE_ANY, NULL));
        assert_int_equal(appliance_restore_is_under_way(restore, "web", "s"), cases[i].under_way);
        assert_false(appliance_restore_is_under_way(restore, "web", "other"));
        assert_false(appliance_restore_is_under_way(restore, "other", "s"));
        json_decref(restore);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_snapshot_statuses),
        cmocka_unit_test(test_restore_statuses),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_unfit_disks),
        cmocka_unit_test(test_whether_it_can_be_restored),
        cmocka_unit_test(test_restores_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
