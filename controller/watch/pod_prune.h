/* What of a launcher pod is kept in memory: there is one for every VM. A container that is ready is
 * its name and that; most pods are nothing else. */
#ifndef CONTROLLER_WATCH_POD_PRUNE_H
#define CONTROLLER_WATCH_POD_PRUNE_H

#include <jansson.h>

/* Of a launcher pod (label kubevirt.io=virt-launcher), what of it stays in the cache: what
 * controller_phase_status and controller_sidecar_notices read of a pod. annotation_key is the one
 * to look for, or NULL: KubeVirt's and ours. A new reference, which shares values with pod; NULL
 * for what is no pod. */
json_t *controller_pod_prune(const char *annotation_key, const json_t *pod);

#endif
