/* Adds the containers and volumes of a sidecar list to a launcher pod (docs/rendering.md). */
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
    const char *annotation_key; /* of the list on the pod; NULL: the one that the pod has */
};

#define ANNOTATIONS_SHIM_IMAGE "ghcr.io/hookline/sidecar-shim:latest"
#define ANNOTATIONS_MANAGER_IMAGE "ghcr.io/hookline/hook-manager:latest"

/* Returns the pod with the sidecars and volumes of list. Idempotent: what is already there stays.
 * Sidecar i is the container hook-sidecar-<i>; numbers that network bindings use are skipped.
 * options may be NULL. The result is a new reference that shares everything unchanged with pod and
 * list, so none of the three may be changed in place afterwards; it is pod itself if the list is
 * empty or the pod is a provisioning pod. Returns NULL if the list does not fit the pod (no compute
 * container, two mounts at one path, resources that cost the pod its class Guaranteed), with all
 * reasons among the findings: their pointers are relative to the annotation, or "/pod" for the pod
 * itself. */
json_t *annotations_render(const json_t *pod, const struct annotations_list *list,
    const struct annotations_render_options *options, struct findings *findings);

#endif
