/* Adds a VMI's probes to its launcher pod. */
#ifndef CONTROLLER_LAUNCH_POD_PROBE_H
#define CONTROLLER_LAUNCH_POD_PROBE_H

#include "controller/launch/pod_draft.h"

/* Adds the VMI's livenessProbe and readinessProbe to compute. Only what a probe of the pod itself
 * needs is copied. It is an error if one runs in the guest, which has no agent, or names a host: the
 * kubelet would send the request from the node's network, to whatever the user names.
 * Source: Kubernetes, "Pod Security Standards", Host Probes (baseline). */
void controller_pod_add_probes(struct controller_pod_draft *draft);

#endif
