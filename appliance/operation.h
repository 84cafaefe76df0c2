/* The objects that ask KubeVirt or CDI to do something with a VM: their common parts. */
#ifndef APPLIANCE_OPERATION_H
#define APPLIANCE_OPERATION_H

#include <jansson.h>
#include <stdbool.h>

/* {apiVersion, kind, metadata: {namespace, name}, spec}. Takes spec. New reference. */
json_t *appliance_operation_new(const char *api_version, const char *kind, const char *namespace,
    const char *name, json_t *take_spec);

/* A reference to an object of the same namespace: {apiGroup, kind, name}. New reference.
 * Source: Kubernetes API reference, TypedLocalObjectReference. */
json_t *appliance_operation_reference(const char *group, const char *kind, const char *name);

/* The same, to the VirtualMachine. */
json_t *appliance_operation_vm(const char *name);

/* "VirtualMachineSnapshot shop/web-1", of an object of that kind: one out of a list does not say it.
 * Owned by the caller. */
char *appliance_operation_words(const char *kind, const json_t *object);

/* Whether an object that a cluster has asks for the same as ours: all members of our spec are in
 * its spec with equal values; members that only the cluster's has (defaults) do not count. */
bool appliance_operation_same(const json_t *existing, const json_t *ours);

#endif
