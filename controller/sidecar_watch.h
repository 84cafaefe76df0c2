/* Events on VMIs about the hook sidecars of their launcher pods, KubeVirt's or ours. */
#ifndef CONTROLLER_SIDECAR_WATCH_H
#define CONTROLLER_SIDECAR_WATCH_H

#include "kube/events.h"
#include "kube/informer.h"

/* Of a launcher pod (label kubevirt.io=virt-launcher), what of it stays in the cache: identity, owner,
 * labels that name its VMI, node, phase, whether it has the annotation, the states of its
 * containers, conditions. */
json_t *controller_pods_prune(void *user, json_t *pod);

/* One thing to be told of a pod. All owned. */
struct controller_notice {
    char *reason; /* "SidecarImagePullFailed", "SidecarCrashed", "HookFailed", "SidecarsMissing" */
    char *message; /* names the sidecar, why, and what to look at */
};

/* What is new in after, a pruned pod, against before, which may be NULL. Returns how many, *notices owned by the
 * caller, to be freed by controller_notices_free. */
size_t controller_sidecar_notices(
    const json_t *before, const json_t *after, struct controller_notice **notices);
void controller_notices_free(struct controller_notice *notices, size_t count);

/* Records them as Warning events on the VMI that owns the pod. */
void controller_sidecar_watch(
    struct kube_events *events, const json_t *before, const json_t *after);

#endif
