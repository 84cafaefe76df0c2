/* What the two kinds of launcher that are not KubeVirt's own need: the bridge container, or the
 * annotation as a file for compute. */
#ifndef ANNOTATIONS_HOOK_MANAGER_H
#define ANNOTATIONS_HOOK_MANAGER_H

#include <stddef.h>

#include "annotations/draft.h"

/* Adds what runs hook-manager where the launcher has no manager of its own: a container beside
 * it that serves KubeVirt's plugin socket, or what compute needs to run it itself. count is the
 * number of sidecars in the pod; annotation_key may be NULL. */
void annotations_plugin_require(
    struct annotations_draft *draft, const char *image, const char *annotation_key, size_t count);
void annotations_standalone_require(
    struct annotations_draft *draft, const char *annotation_key, size_t count);

#endif
