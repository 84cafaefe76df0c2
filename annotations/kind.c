#include "annotations/kind.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"

/* Source: KubeVirt API reference. */
const struct annotations_kind annotations_kinds[ANNOTATIONS_KIND_COUNT] = {
    [ANNOTATIONS_KIND_VMI] = {"VirtualMachineInstance", "kubevirt.io", "", "/metadata/annotations",
        {NULL}},
    [ANNOTATIONS_KIND_VM] = {"VirtualMachine", "kubevirt.io", "/spec/template",
        "/spec/template/metadata/annotations", {"/metadata/annotations"}},
    [ANNOTATIONS_KIND_REPLICA_SET] = {"VirtualMachineInstanceReplicaSet", "kubevirt.io",
        "/spec/template", "/spec/template/metadata/annotations", {"/metadata/annotations"}},
    [ANNOTATIONS_KIND_POOL] = {"VirtualMachinePool", "pool.kubevirt.io",
        "/spec/virtualMachineTemplate/spec/template",
        "/spec/virtualMachineTemplate/spec/template/metadata/annotations",
        {"/metadata/annotations", "/spec/virtualMachineTemplate/metadata/annotations"}},
    [ANNOTATIONS_KIND_POD] = {"Pod", "", NULL, "/metadata/annotations", {NULL}},
};

const struct annotations_kind *annotations_kind_find(const char *name, const char *group)
{
    for (size_t i = 0; i < ARRAY_SIZE(annotations_kinds); i++) {
        if (streq(name, annotations_kinds[i].name) && streq(group, annotations_kinds[i].group))
            return &annotations_kinds[i];
    }
    return NULL;
}
