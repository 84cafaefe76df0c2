/* Sidecar list → containers and volumes in a launcher pod (contract 2 of the design). */
#ifndef ANNOTATIONS_RENDER_H
#define ANNOTATIONS_RENDER_H

#include <jansson.h>

#include "annotations/launcher.h"
#include "annotations/sidecar.h"
#include "base/finding.h"

struct annotations_render_options {
    enum annotations_launcher launcher;
    const char *shim_image; /* NULL: ANNOTATIONS_SHIM_IMAGE */
    const char *manager_image; /* for plugin launchers; NULL: ANNOTATIONS_MANAGER_IMAGE */
    const char *annotation_key; /* of the list on the pod; NULL: KubeVirt's or ours, as it has it */
};

#define ANNOTATIONS_SHIM_IMAGE "ghcr.io/hookline/sidecar-shim:latest"
#define ANNOTATIONS_MANAGER_IMAGE "ghcr.io/hookline/hook-manager:latest"

/* The pod with the sidecars and volumes of list. Idempotent: what is there already is left as it
 * is. Sidecar i is container hook-sidecar-<i>; numbers that sidecars of network bindings have are
 * skipped. options may be NULL. Returns a new reference, which shares all that did not change
 * with pod and list, so that none of them may be changed in place afterwards; it is pod itself
 * when the list is empty or the pod one to leave alone. NULL when the pod and the list do not fit
 * together (no compute container, two mounts at one place, resources that break the pod's
 * Guaranteed class): all reasons are among the findings, pointers relative to the annotation, or
 * "/pod" for what is wrong with the pod itself. */
json_t *annotations_render(const json_t *pod, const struct annotations_list *list,
    const struct annotations_render_options *options, struct findings *findings);

#endif
