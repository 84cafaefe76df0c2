/* The launcher pod of a VMI, as a function of the VMI and the pod template. */
#ifndef CONTROLLER_LAUNCH_POD_H
#define CONTROLLER_LAUNCH_POD_H

#include "base/finding.h"
#include "controller/launch/pod_input.h"

/* The pod of a VMI whose needs are met. Name: "virt-launcher-" + the VMI's name (cut to fit) + "-"
 * + the first ten hexadecimal digits of SHA-256 over its uid, so that two tries create one pod, and
 * a VMI that is created again gets another. The pod has the VMI's labels and annotations (except
 * those that KubeVirt leaves out), KubeVirt's labels of a launcher pod and ours, an owner
 * reference, the VMI itself by annotation and downward API for hook-launcher, its volumes, and
 * sidecars of contract 2 (launcher kind standalone, unless the template changes compute). What the
 * template sets wins (docs/controller.md). The same input gives the same pod. Returns a new
 * reference, or NULL with findings: pointers into the VMI, or "/template" and below for faults of
 * the template. */
json_t *controller_pod_make(const struct controller_pod_input *input, struct findings *findings);

/* The pod's name alone. Owned by the caller. */
char *controller_pod_name(const json_t *machine);

#endif
