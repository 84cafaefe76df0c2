/* The volume mounts of a launcher pod's containers. */
#ifndef ANNOTATIONS_MOUNT_H
#define ANNOTATIONS_MOUNT_H

#include <jansson.h>

#include "annotations/draft.h"

/* Returns {name, mountPath}, with subPath unless it is NULL. New reference. */
json_t *annotations_mount_new(const char *volume, const char *path, const char *sub_path);

/* Adds a mount to a container's mounts unless it is already there. A different mount at its path is
 * an error about sidecar and field. before: as in annotations_draft_insert. */
void annotations_mount_require(struct annotations_draft *draft, struct annotations_mounts *mounts,
    json_t *take_mount, const char *before, long sidecar, const char *field);

#endif
