/* The security context of sidecars, derived from that of the launcher. */
#ifndef ANNOTATIONS_SECURITY_H
#define ANNOTATIONS_SECURITY_H

#include <jansson.h>
#include <stdbool.h>

enum { ANNOTATIONS_LAUNCHER_UID = 107 }; /* KubeVirt's non-root user and group, qemu */

/* Returns the securityContext of a sidecar in a pod with this spec and compute container; *root
 * tells whether the launcher runs as root. New reference.
 * Source: KubeVirt, virt-controller, the renderer of containers. */
json_t *annotations_security_context(const json_t *spec, const json_t *compute, bool *root);

#endif
