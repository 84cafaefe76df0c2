/* A completed VM as files on this machine, without a cluster: qcow2 overlays over the images of its
 * disks, empty disks, its VirtualMachineInstance, the data of its Secrets and ConfigMaps, and a
 * script that boots it with hook-launcher. */
#ifndef APPLIANCE_LOCAL_H
#define APPLIANCE_LOCAL_H

#include <jansson.h>

#include "appliance/random.h"
#include "base/finding.h"
#include "base/pairs.h"
#include "machine/known.h"

/* The script in the directory. */
#define APPLIANCE_LOCAL_SCRIPT "run"

/* All borrowed until done is called. */
struct appliance_local_request {
    const char *directory; /* to be created; what is there already is an error */
    const json_t *vm; /* completed */
    const json_t *objects; /* array: its Secrets and ConfigMaps; NULL: none */
    struct machine_known *known; /* the instance types and preferences that it refers to */
    const struct pairs *sources; /* NAME=PATH: the images of its disks by the names of the volumes,
                                    the claims, or what these are made from; NULL: none */
    const char *beside; /* where to look for NAME.qcow2, NAME.img or NAME.raw; NULL: nowhere */
    struct appliance_random random;
};

/* command is the one with which hook-launcher boots it, as shell text, borrowed; NULL: nothing was
 * created, and why is in take_error, which the callee owns, or among the findings. */
typedef void appliance_local_done(void *user, struct error *take_error, const char *command);

struct appliance_local; /* opaque */

/* Creates the directory, on libev's default loop. What is wrong with the VM, or missing, becomes
 * findings, whose pointers are within the VM; they are borrowed until done, which is called once:
 * from the loop or, when no program is needed, before this returns. Nothing is left behind after a
 * failure. Returns the operation, owned by itself until done has returned; NULL if done was
 * called. */
struct appliance_local *appliance_local_start(const struct appliance_local_request *request,
    struct findings *findings, appliance_local_done *done, void *user);

/* Ends it now; done is called from the loop, with a canceled error. */
void appliance_local_cancel(struct appliance_local *local);

#endif
