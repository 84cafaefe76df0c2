/* Adds a VMI's volumes, and the kernel that it boots, to its launcher pod. */
#ifndef CONTROLLER_LAUNCH_POD_VOLUMES_H
#define CONTROLLER_LAUNCH_POD_VOLUMES_H

#include "controller/launch/pod_draft.h"

/* Adds the VMI's volumes to the draft: pod volumes, their mounts in compute, and init containers
 * that copy files from images. */
void controller_pod_add_volumes(struct controller_pod_draft *draft);

/* The same for the kernel that the VMI boots, if it is in an image. */
void controller_pod_add_kernel(struct controller_pod_draft *draft);

#endif
