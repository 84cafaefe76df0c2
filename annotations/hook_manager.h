/* What a launcher without a hook manager of its own needs: a hook-manager container, or the
 * annotation as a file for compute. */
#ifndef ANNOTATIONS_HOOK_MANAGER_H
#define ANNOTATIONS_HOOK_MANAGER_H

#include <stddef.h>

#include "annotations/draft.h"

/* Add what a launcher of kind plugin needs, a hook-manager container that serves KubeVirt's plugin
 * socket, or what one of kind standalone needs, whose compute container runs hook-manager itself.
 * count is the number of sidecars in the pod; annotation_key NULL: the key that the pod has. */
void annotations_plugin_require(
    struct annotations_draft *draft, const char *image, const char *annotation_key, size_t count);
void annotations_standalone_require(
    struct annotations_draft *draft, const char *annotation_key, size_t count);

#endif
