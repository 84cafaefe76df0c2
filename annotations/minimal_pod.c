#include "annotations/minimal_pod.h"

#include "annotations/mount.h"
#include "annotations/security.h"
#include "base/json.h"
#include "base/text.h"

#define LAUNCHER_IMAGE "quay.io/kubevirt/virt-launcher"

/* Annotations of a VMI that KubeVirt does not copy to its pod. */
static bool stays_on_vmi(const char *key)
{
    return text_starts_with(key, "kubectl.kubernetes.io") ||
           streq(key, "kubevirt.io/storage-observed-api-version") ||
           streq(key, "kubevirt.io/latest-observed-api-version");
}

static json_t *pod_annotations(const json_t *vmi_metadata, const char *name)
{
    json_t *annotations = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (json_object_get(vmi_metadata, "annotations"), key, value) {
        if (!stays_on_vmi(key))
            json_object_set(annotations, key, value);
    }
    json_object_set_new(
        annotations, "kubectl.kubernetes.io/default-container", json_string("compute"));
    json_object_set_new(annotations, "kubevirt.io/domain", json_string(name));
    return annotations;
}

static json_t *pod_metadata(const json_t *vmi, const char *name)
{
    const json_t *vmi_metadata = json_object_get(vmi, "metadata");
    const char *uid = json_get_string(vmi_metadata, "uid");
    json_t *labels = json_object();
    if (json_is_object(json_object_get(vmi_metadata, "labels")))
        json_object_update(labels, json_object_get(vmi_metadata, "labels"));
    json_object_set_new(labels, "kubevirt.io", json_string("virt-launcher"));
    if (uid != NULL)
        json_object_set_new(labels, "kubevirt.io/created-by", json_string(uid));
    json_object_set_new(labels, "vm.kubevirt.io/name", json_string(name));
    json_object_set_new(labels, "vmi.kubevirt.io/id", json_string(name));

    json_t *owner = json_pack("{s:s, s:s, s:s, s:s*, s:b, s:b}", "apiVersion", "kubevirt.io/v1",
        "kind", "VirtualMachineInstance", "name", name, "uid", uid, "controller", true,
        "blockOwnerDeletion", true);
    return json_pack("{s:s++, s:s, s:o, s:o, s:[o]}", "generateName", "virt-launcher-", name, "-",
        "namespace", text_or(json_get_string(vmi_metadata, "namespace"), "default"), "labels",
        labels, "annotations", pod_annotations(vmi_metadata, name), "ownerReferences", owner);
}

/* Whether KubeVirt would run the VMI's launcher as root: its webhook sets the user in the status,
 * and older versions set an annotation.
 * Source: KubeVirt, api/core/v1, VirtualMachineInstanceStatus.runtimeUser. */
static bool runs_as_root(const json_t *vmi)
{
    const json_t *annotations = json_object_get(json_object_get(vmi, "metadata"), "annotations");
    const json_t *user = json_object_get(json_object_get(vmi, "status"), "runtimeUser");
    return json_object_get(annotations, "kubevirt.io/nonroot") == NULL && json_is_integer(user) &&
           json_integer_value(user) == 0;
}

static json_t *compute_container(
    const json_t *vmi, const char *name, enum annotations_launcher launcher)
{
    bool root = runs_as_root(vmi);
    const json_t *metadata = json_object_get(vmi, "metadata");
    json_t *args = json_pack("[s, s, s, s]", "--name", name, "--namespace",
        text_or(json_get_string(metadata, "namespace"), "default"));
    json_t *mounts = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "private",
        "mountPath", "/var/run/kubevirt-private", "name", "public", "mountPath",
        "/var/run/kubevirt", "name", "sockets", "mountPath", ANNOTATIONS_LAUNCHER_DIRECTORY);
    if (launcher == ANNOTATIONS_LAUNCHER_AUTO || launcher == ANNOTATIONS_LAUNCHER_BUILTIN) {
        json_array_append_new(args, json_string(ANNOTATIONS_SIDECARS_FLAG));
        json_array_append_new(args, json_string("0"));
    }
    if (launcher == ANNOTATIONS_LAUNCHER_PLUGIN) {
        json_array_append_new(mounts,
            annotations_mount_new("kubevirt-plugin-sockets", ANNOTATIONS_PLUGIN_DIRECTORY, NULL));
    }
    json_t *security = NULL;
    if (root) {
        security = json_pack("{s:i, s:b}", "runAsUser", 0, "runAsNonRoot", false);
    } else {
        json_array_append_new(args, json_string("--run-as-nonroot"));
        security = json_pack("{s:{s:[s], s:[s]}, s:i, s:i, s:b, s:b}", "capabilities", "add",
            "NET_BIND_SERVICE", "drop", "ALL", "runAsUser", ANNOTATIONS_LAUNCHER_UID, "runAsGroup",
            ANNOTATIONS_LAUNCHER_UID, "runAsNonRoot", true, "allowPrivilegeEscalation", false);
    }
    return json_pack("{s:s, s:s, s:[s], s:o, s:o, s:s, s:o}", "name", "compute", "image",
        LAUNCHER_IMAGE, "command", "/usr/bin/virt-launcher-monitor", "args", args, "volumeMounts",
        mounts, "terminationMessagePolicy", "FallbackToLogsOnError", "securityContext", security);
}

json_t *annotations_minimal_pod(const json_t *vmi, enum annotations_launcher launcher)
{
    const char *name = text_or(json_get_string(json_object_get(vmi, "metadata"), "name"), "vmi");
    json_t *volumes = json_pack("[{s:s, s:{}}, {s:s, s:{}}, {s:s, s:{}}]", "name", "private",
        "emptyDir", "name", "public", "emptyDir", "name", "sockets", "emptyDir");
    if (launcher == ANNOTATIONS_LAUNCHER_PLUGIN) {
        json_array_append_new(
            volumes, json_pack("{s:s, s:{}}", "name", "kubevirt-plugin-sockets", "emptyDir"));
    }
    json_t *pod_security =
        runs_as_root(vmi)
            ? json_pack("{s:i, s:i}", "runAsUser", 0, "fsGroup", ANNOTATIONS_LAUNCHER_UID)
            : json_pack("{s:i, s:i, s:b, s:i}", "runAsUser", ANNOTATIONS_LAUNCHER_UID, "runAsGroup",
                  ANNOTATIONS_LAUNCHER_UID, "runAsNonRoot", true, "fsGroup",
                  ANNOTATIONS_LAUNCHER_UID);
    return json_pack("{s:s, s:s, s:o, s:{s:o, s:[o], s:s, s:b, s:o}}", "apiVersion", "v1", "kind",
        "Pod", "metadata", pod_metadata(vmi, name), "spec", "volumes", volumes, "containers",
        compute_container(vmi, name, launcher), "restartPolicy", "Never",
        "automountServiceAccountToken", false, "securityContext", pod_security);
}
