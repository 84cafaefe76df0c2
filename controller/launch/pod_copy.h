/* Copies files from images: with an init container that runs the image of the disk with our
 * busybox, so that the image needs nothing but the file. */
#ifndef CONTROLLER_LAUNCH_POD_COPY_H
#define CONTROLLER_LAUNCH_POD_COPY_H

#include "controller/launch/pod_draft.h"

#define CONTROLLER_DISKS_PATH "/var/run/kubevirt/container-disks"

/* The prefix of the names of init containers that copy files; the first copies busybox. */
#define CONTROLLER_COPY_PREFIX "hookline-"
#define CONTROLLER_TOOLS_CONTAINER CONTROLLER_COPY_PREFIX "tools"

/* Adds an init container called name that copies a file of an image: from, or the only one in /disk
 * if it is NULL, to the path to, below CONTROLLER_DISKS_PATH. source has image, imagePullPolicy and
 * imagePullSecret, like a containerDisk. */
void controller_pod_add_copy(struct controller_pod_draft *draft, const char *name,
    const json_t *source, const char *from, const char *to);

#endif
