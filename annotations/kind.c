#include "annotations/kind.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* KubeVirt copies the annotations in the spec of an instance type or preference to the VMIs that
 * use it.
 * Source: KubeVirt API reference; VirtualMachineInstancetypeSpec, VirtualMachinePreferenceSpec. */
const struct annotations_kind annotations_kinds[ANNOTATIONS_KIND_COUNT] = {
    [ANNOTATIONS_KIND_VMI] = {"VirtualMachineInstance", "kubevirt.io", "virtualmachineinstances",
        "", "/metadata/annotations", {NULL}, false},
    [ANNOTATIONS_KIND_VM] = {"VirtualMachine", "kubevirt.io", "virtualmachines", "/spec/template",
        "/spec/template/metadata/annotations", {"/metadata/annotations"}, false},
    [ANNOTATIONS_KIND_REPLICA_SET] = {"VirtualMachineInstanceReplicaSet", "kubevirt.io",
        "virtualmachineinstancereplicasets", "/spec/template",
        "/spec/template/metadata/annotations", {"/metadata/annotations"}, false},
    [ANNOTATIONS_KIND_POOL] = {"VirtualMachinePool", "pool.kubevirt.io", "virtualmachinepools",
        "/spec/virtualMachineTemplate/spec/template",
        "/spec/virtualMachineTemplate/spec/template/metadata/annotations",
        {"/metadata/annotations", "/spec/virtualMachineTemplate/metadata/annotations"}, false},
    [ANNOTATIONS_KIND_INSTANCETYPE] = {"VirtualMachineInstancetype", "instancetype.kubevirt.io",
        "virtualmachineinstancetypes", NULL, "/spec/annotations", {"/metadata/annotations"}, false},
    [ANNOTATIONS_KIND_CLUSTER_INSTANCETYPE] = {"VirtualMachineClusterInstancetype",
        "instancetype.kubevirt.io", "virtualmachineclusterinstancetypes", NULL, "/spec/annotations",
        {"/metadata/annotations"}, true},
    [ANNOTATIONS_KIND_PREFERENCE] = {"VirtualMachinePreference", "instancetype.kubevirt.io",
        "virtualmachinepreferences", NULL, "/spec/annotations", {"/metadata/annotations"}, false},
    [ANNOTATIONS_KIND_CLUSTER_PREFERENCE] = {"VirtualMachineClusterPreference",
        "instancetype.kubevirt.io", "virtualmachineclusterpreferences", NULL, "/spec/annotations",
        {"/metadata/annotations"}, true},
    [ANNOTATIONS_KIND_POD] = {"Pod", "", "pods", NULL, "/metadata/annotations", {NULL}, false},
};

bool annotations_kind_matches(
    const struct annotations_kind *kind, const char *name, const char *api_version)
{
    if (!streq(name, kind->name))
        return false;
    if (api_version == NULL)
        return true;
    const char *slash = strchr(api_version, '/');
    size_t length = slash != NULL ? (size_t)(slash - api_version) : 0;
    return length == strlen(kind->group) && strncmp(api_version, kind->group, length) == 0;
}

const struct annotations_kind *annotations_kind_find(const char *name, const char *group)
{
    for (size_t i = 0; i < ARRAY_SIZE(annotations_kinds); i++) {
        if (streq(name, annotations_kinds[i].name) && streq(group, annotations_kinds[i].group))
            return &annotations_kinds[i];
    }
    return NULL;
}
