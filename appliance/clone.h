/* A VirtualMachineClone: making it, and what its status says.
 * Source: KubeVirt 1.9, clone.kubevirt.io/v1beta1; pkg/virt-controller/watch/clone. */
#ifndef APPLIANCE_CLONE_H
#define APPLIANCE_CLONE_H

#include <jansson.h>

#include "appliance/random.h"
#include "appliance/status.h"

/* All borrowed. */
struct appliance_clone {
    const char *namespace; /* of both */
    const char *name; /* of the clone object */
    const char *to; /* the new VM's name */
    const json_t *vm; /* the VM as the cluster has it */
    struct appliance_random random;
};

/* "{vm}-to-{new name}", cut to 63 bytes with a hash where it is longer: the same for the same names,
 * so that a second run finds the clone of the first. Owned by the caller. */
char *appliance_clone_name(const char *vm, const char *to);

/* The object. The new VM gets a new MAC address for every interface that has one, a new firmware
 * serial if there is one, a new UUID, which KubeVirt makes, and no hostname, so that it is the new
 * VM's name. Its disks are named {new name}-{volume}. New reference. */
json_t *appliance_clone_new(const struct appliance_clone *clone);

/* Whether an object is a clone of the same VM to the same name. */
bool appliance_clone_same(const json_t *existing, const json_t *ours);

/* Done when the new VM is there. */
int appliance_clone_look(const json_t *clone, char **saying, struct error **err);

#endif
