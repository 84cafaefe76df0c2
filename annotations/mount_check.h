/* Checks mount paths: those that an annotation may use, and that no two mounts share one. */
#ifndef ANNOTATIONS_MOUNT_CHECK_H
#define ANNOTATIONS_MOUNT_CHECK_H

#include <stdbool.h>

#include "annotations/sidecar.h"
#include "base/finding.h"

/* Checks the path at which a container mounts a volume: as hostpath_check_path does, and it must
 * not be "/", contain ":" (Kubernetes rejects it), or be at, above or below HOOKS_SOCKET_DIRECTORY.
 * Adds errors at pointer; returns whether the path is valid. */
bool annotations_mount_check_path(const char *path, const char *pointer, struct findings *findings);

/* Adds an error for each mount whose path another mount of the same sidecar has, and for each
 * sharedComputePath that an earlier sidecar has. */
void annotations_mount_check_list(const struct annotations_list *list, struct findings *findings);

#endif
