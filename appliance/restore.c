#include "appliance/restore.h"

#include "appliance/operation.h"
#include "appliance/snapshot.h"
#include "base/json.h"
#include "base/text.h"

json_t *appliance_restore_new(
    const char *namespace, const char *vm, const char *snapshot, const char *name, bool stop)
{
    json_t *spec = json_pack("{s:o, s:s, s:s}", "target", appliance_operation_vm(vm),
        "virtualMachineSnapshotName", snapshot, "targetReadinessPolicy",
        stop ? "StopTarget" : "FailImmediate");
    return appliance_operation_new(
        APPLIANCE_SNAPSHOT_API, "VirtualMachineRestore", namespace, name, spec);
}

int appliance_restore_check(
    const json_t *snapshot, const char *name, const json_t *vm, bool stop, struct error **err)
{
    const json_t *status = json_object_get(snapshot, "status");
    const char *source = json_get_string(json_pointer_get(snapshot, "/spec/source"), "name");
    const char *namespace =
        text_or(json_get_string(json_object_get(snapshot, "metadata"), "namespace"), "");
    auto_free char *words = appliance_operation_words("VirtualMachineSnapshot", snapshot);
    if (!json_is_true(json_object_get(status, "readyToUse"))) {
        auto_free char *all = appliance_status_all(snapshot);
        return error_set(err, ERROR_INPUT, "%s is not ready to use: %s", words,
            all[0] != '\0' ? all : "KubeVirt has not begun it");
    }
    if (vm != NULL && source != NULL && !streq(source, name))
        return error_set(err, ERROR_INPUT,
            "%s is of VirtualMachine %s: it can be restored to that, or to a name that no "
            "VirtualMachine has, and %s exists",
            words, source, name);
    if (vm != NULL && appliance_status_is_running(vm) && !stop)
        return error_set(err, ERROR_POLICY,
            "VirtualMachine %s/%s is running: stop it first (virtctl stop %s -n %s), or let it be "
            "stopped with --stop",
            namespace, name, name, namespace);
    return 0;
}

static bool is_complete(const json_t *restore)
{
    return json_is_true(json_object_get(json_object_get(restore, "status"), "complete"));
}

bool appliance_restore_is_under_way(const json_t *restore, const char *vm, const char *snapshot)
{
    const json_t *spec = json_object_get(restore, "spec");
    const char *target = json_get_string(json_object_get(spec, "target"), "name");
    const char *from = json_get_string(spec, "virtualMachineSnapshotName");
    return target != NULL && from != NULL && streq(target, vm) && streq(from, snapshot) &&
           !is_complete(restore) && !appliance_status_is_ending(restore) &&
           appliance_status_condition(restore, "Failure") == NULL;
}

int appliance_restore_look(const json_t *restore, char **saying, struct error **err)
{
    const json_t *failure = appliance_status_condition(restore, "Failure");
    if (is_complete(restore))
        return 1;
    if (appliance_status_is_ending(restore))
        return appliance_status_fail("it is being deleted", "", err);
    if (failure != NULL)
        return appliance_status_fail("it failed", appliance_status_words(failure), err);
    const char *words = appliance_status_words(appliance_status_condition(restore, "Progressing"));
    *saying = words[0] != '\0' ? xstrdup(words) : xstrdup("not begun yet");
    return 0;
}
