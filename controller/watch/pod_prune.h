/* What the cache keeps of launcher pods, of which every VM has one. Of a ready container it keeps
 * only the name and that it is ready; most pods have no other containers. */
#ifndef CONTROLLER_WATCH_POD_PRUNE_H
#define CONTROLLER_WATCH_POD_PRUNE_H

#include <jansson.h>

/* What controller_pod_prune reads of a pod, as JSON Pointers ended by NULL. */
extern const char *const controller_pod_kept[];

/* Prunes a launcher pod (label kubevirt.io=virt-launcher) to what controller_phase_status,
 * controller_sidecar_notices and controller_pod_owner_is read. annotation_key is the only key to
 * look for, or NULL: KubeVirt's
 * and ours. Returns a new reference, which shares values with pod; NULL for what is not a pod. */
json_t *controller_pod_prune(const char *annotation_key, const json_t *pod);

#endif
