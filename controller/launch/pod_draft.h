/* A launcher pod while it is being made from a VMI.
 *
 * compute has the content of a VMI's volumes at KubeVirt's paths, where hook-launcher looks by
 * default (docs/launcher.md). */
#ifndef CONTROLLER_LAUNCH_POD_DRAFT_H
#define CONTROLLER_LAUNCH_POD_DRAFT_H

#include "base/finding.h"
#include "controller/launch/pod_input.h"

#define CONTROLLER_PRIVATE_PATH "/var/run/kubevirt-private"

/* Where the launcher's image has a static busybox. */
#define CONTROLLER_BUSYBOX "/usr/lib/hookline/busybox"

/* Everything except pod is borrowed, from it or from input. */
struct controller_pod_draft {
    const struct controller_pod_input *input;
    const char *namespace;
    const json_t *machine_spec;
    const json_t *domain; /* spec.domain of the VMI, or NULL */
    json_t *pod; /* owned */
    json_t *spec;
    json_t *volumes;
    json_t *init_containers;
    json_t *compute;
    json_t *mounts; /* compute's */
    struct findings *findings;
};

#endif
