/* Files out of images: by an init container that runs the image of the disk with a busybox of
 * ours, so that the image needs nothing but the file. */
#ifndef CONTROLLER_LAUNCH_POD_COPY_H
#define CONTROLLER_LAUNCH_POD_COPY_H

#include "controller/launch/pod_draft.h"

#define CONTROLLER_DISKS_PATH "/var/run/kubevirt/container-disks"

/* What the names of the init containers begin with that copy files; the first copies busybox. */
#define CONTROLLER_COPY_PREFIX "hookline-"
#define CONTROLLER_TOOLS_CONTAINER CONTROLLER_COPY_PREFIX "tools"

/* Adds an init container called name that copies a file out of an image: from, or the only one of
 * /disk when that is NULL, to the path to, which is below CONTROLLER_DISKS_PATH. source has the
 * image, imagePullPolicy and imagePullSecret, as a containerDisk. */
void controller_pod_add_copy(struct controller_pod_draft *draft, const char *name,
    const json_t *source, const char *from, const char *to);

#endif
