/* The kinds of objects that carry the annotation, and where it is in each. */
#ifndef ANNOTATIONS_KIND_H
#define ANNOTATIONS_KIND_H

#include <stdbool.h>

enum {
    ANNOTATIONS_KIND_VMI, /* VirtualMachineInstance */
    ANNOTATIONS_KIND_VM, /* VirtualMachine */
    ANNOTATIONS_KIND_REPLICA_SET, /* VirtualMachineInstanceReplicaSet */
    ANNOTATIONS_KIND_POOL, /* VirtualMachinePool */
    ANNOTATIONS_KIND_INSTANCETYPE, /* VirtualMachineInstancetype */
    ANNOTATIONS_KIND_CLUSTER_INSTANCETYPE, /* VirtualMachineClusterInstancetype */
    ANNOTATIONS_KIND_PREFERENCE, /* VirtualMachinePreference */
    ANNOTATIONS_KIND_CLUSTER_PREFERENCE, /* VirtualMachineClusterPreference */
    ANNOTATIONS_KIND_POD,
    ANNOTATIONS_KIND_COUNT,
};

/* Pointers are JSON Pointers within the object. */
struct annotations_kind {
    const char *name; /* "VirtualMachine" */
    const char *group; /* "kubevirt.io"; "" for a pod */
    const char *plural; /* "virtualmachines", as in the REST API */
    const char *template; /* what its VMIs are created from; NULL: it creates none */
    const char *annotations; /* the annotations that reach the launcher pod */
    const char *misplaced[3]; /* annotations that do not, but are used by mistake; NULL ends them */
    bool cluster_scoped; /* its objects have no namespace */
};

/* All kinds, indexed by the constants above. */
extern const struct annotations_kind annotations_kinds[ANNOTATIONS_KIND_COUNT];

/* Whether an object with these members is of the kind. Other groups have kinds with the same names;
 * without an apiVersion (NULL), the name alone decides. */
bool annotations_kind_matches(
    const struct annotations_kind *kind, const char *name, const char *api_version);

/* Returns the kind with this name in this API group, or NULL. Static. */
const struct annotations_kind *annotations_kind_find(const char *name, const char *group);

#endif
