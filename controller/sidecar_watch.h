/* Events on VMIs about the hook sidecars of their launcher pods, KubeVirt's or ours. */
#ifndef CONTROLLER_SIDECAR_WATCH_H
#define CONTROLLER_SIDECAR_WATCH_H

#include "kube/events.h"
#include "kube/informer.h"

/* Of a launcher pod (label kubevirt.io=virt-launcher), what of it stays in the cache: what
 * controller_phase_status and the notices below read of a pod. annotation_key is the one to look
 * for, or NULL: KubeVirt's and ours. A new reference, which shares values with pod; NULL for what
 * is no pod. */
json_t *controller_pods_prune(const char *annotation_key, const json_t *pod);

/* One thing to be told of a pod. All owned. */
struct controller_notice {
    char *reason; /* "SidecarImagePullFailed", "SidecarStartFailed", "SidecarCrashed", "HookFailed",
                     "SidecarsMissing" */
    char *message; /* names the sidecar, why, and what to look at */
};

/* What is new in after against before, both pruned; before may be NULL. Returns how many there are;
 * *notices is owned by the caller, and freed by controller_notices_free. */
size_t controller_sidecar_notices(
    const json_t *before, const json_t *after, struct controller_notice **notices);
void controller_notices_free(struct controller_notice *notices, size_t count);

/* Records them as Warning events on the VMI that owns the pod; nothing when after is NULL. */
void controller_sidecar_watch(
    struct kube_events *events, const json_t *before, const json_t *after);

#endif
