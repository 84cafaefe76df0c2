/* The container of one sidecar, and how a pod tells its sidecars from its other containers. */
#ifndef ANNOTATIONS_CONTAINER_H
#define ANNOTATIONS_CONTAINER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "annotations/draft.h"
#include "annotations/sidecar.h"

/* The number of a container named hook-sidecar-<number>; -1 for any other. */
long annotations_sidecar_number(const json_t *container);

/* Whether a container has an environment variable: KubeVirt's network bindings are told by it. */
bool annotations_container_has_env(const json_t *container, const char *name);

/* Adds container hook-sidecar-<number> for the sidecar with this index in the annotation, or
 * what it lacks. */
void annotations_sidecar_require(struct annotations_draft *draft,
    const struct annotations_sidecar *sidecar, long index, size_t number, const char *shim_image);

#endif
