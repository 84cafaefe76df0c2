/* Where volumes are mounted: the paths an annotation may use, and no two at one place. */
#ifndef ANNOTATIONS_MOUNT_CHECK_H
#define ANNOTATIONS_MOUNT_CHECK_H

#include <stdbool.h>

#include "annotations/sidecar.h"
#include "base/finding.h"

/* Checks a path at which a container gets a volume: as hostpath_check_path, and not "/", without
 * ":" (Kubernetes refuses it), neither above nor below HOOKS_SOCKET_DIRECTORY. Adds what is
 * wrong at pointer; returns whether it was right. */
bool annotations_mount_check_path(const char *path, const char *pointer, struct findings *findings);

/* Adds an error for every mount of a sidecar that is at the place of another one of it, and for
 * every sharedComputePath that an earlier sidecar has already. */
void annotations_mount_check_list(const struct annotations_list *list, struct findings *findings);

#endif
