/* A VirtualMachineRestore: making it, whether it can be made, and what its status says.
 * Source: KubeVirt 1.9, snapshot.kubevirt.io/v1beta1; pkg/storage/snapshot. */
#ifndef APPLIANCE_RESTORE_H
#define APPLIANCE_RESTORE_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/status.h"

/* The object. With stop, KubeVirt stops a VM that runs; without, it fails at once. New reference. */
json_t *appliance_restore_new(
    const char *namespace, const char *vm, const char *snapshot, const char *name, bool stop);

/* Whether snapshot can be restored to the VM called name: it is ready to use, and the VM (NULL: there
 * is none of that name) is the one it was taken of, and is stopped unless stop is set. Returns 0, or
 * -1 with an input or policy error that says what to do. */
int appliance_restore_check(
    const json_t *snapshot, const char *name, const json_t *vm, bool stop, struct error **err);

/* Whether an object is a restore of the snapshot to the VM that has not ended. */
bool appliance_restore_is_under_way(const json_t *restore, const char *vm, const char *snapshot);

/* Done when it is complete. */
int appliance_restore_look(const json_t *restore, char **saying, struct error **err);

#endif
