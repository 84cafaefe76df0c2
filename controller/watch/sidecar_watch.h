/* What there is to tell of the hook sidecars of launcher pods, KubeVirt's or ours. */
#ifndef CONTROLLER_WATCH_SIDECAR_WATCH_H
#define CONTROLLER_WATCH_SIDECAR_WATCH_H

#include <jansson.h>
#include <stddef.h>

/* One thing to be told of a pod. All owned. */
struct controller_notice {
    char *reason; /* "SidecarImagePullFailed", "SidecarStartFailed", "SidecarCrashed", "HookFailed",
                     "SidecarsMissing" */
    char *message; /* names the sidecar, why, and what to look at */
};

/* What is new in after against before, both pruned (controller_pod_prune); before may be NULL.
 * Returns how many there are; *notices is owned by the caller, and freed by
 * controller_notices_free. */
size_t controller_sidecar_notices(
    const json_t *before, const json_t *after, struct controller_notice **notices);
void controller_notices_free(struct controller_notice *notices, size_t count);

#endif
