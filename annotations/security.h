/* The security context of sidecars, derived from that of the launcher. */
#ifndef ANNOTATIONS_SECURITY_H
#define ANNOTATIONS_SECURITY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"

enum {
    ANNOTATIONS_LAUNCHER_UID = 107, /* KubeVirt's non-root user and group, qemu */
    ANNOTATIONS_SELINUX_MAX_BYTES =
        4096, /* of the SELinux options, because each sidecar has them */
};

/* Returns the securityContext of a sidecar in a pod with this spec and compute container; *root
 * tells whether the launcher runs as root. New reference; NULL with an error at "/pod" if the pod's
 * SELinux options are not an object of strings, or are too long.
 * Source: KubeVirt, virt-controller, the renderer of containers. */
json_t *annotations_security_context(
    const json_t *spec, const json_t *compute, bool *root, struct findings *findings);

#endif
