/* What to report about the hook sidecars of launcher pods, KubeVirt's or ours. */
#ifndef CONTROLLER_WATCH_SIDECAR_WATCH_H
#define CONTROLLER_WATCH_SIDECAR_WATCH_H

#include <jansson.h>
#include <stddef.h>

/* One thing to report about a pod. All owned. */
struct controller_notice {
    char *reason; /* "SidecarImagePullFailed", "SidecarStartFailed", "SidecarCrashed", "HookFailed",
                     "SidecarsMissing" */
    char *message; /* names the sidecar, the cause, and what to check */
};

/* What is new in after compared with before, both pruned (controller_pod_prune); before may be
 * NULL. Returns the number of notices, at most 256, whatever the pod holds; *notices is owned by the
 * caller (controller_notices_free). */
size_t controller_sidecar_notices(
    const json_t *before, const json_t *after, struct controller_notice **notices);
void controller_notices_free(struct controller_notice *notices, size_t count);

#endif
