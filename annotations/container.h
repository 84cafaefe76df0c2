/* The container of one sidecar, and how to tell sidecars from a pod's other containers. */
#ifndef ANNOTATIONS_CONTAINER_H
#define ANNOTATIONS_CONTAINER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "annotations/draft.h"
#include "annotations/sidecar.h"

/* Returns the number of a container named hook-sidecar-<number>; -1 for any other container, and for
 * a name that Kubernetes does not allow because of its length. */
long annotations_sidecar_number(const json_t *container);

/* Whether a container has this environment variable. NETWORK_BINDING_PLUGIN_NAME marks the
 * sidecars of KubeVirt's network bindings. */
bool annotations_container_has_env(const json_t *container, const char *name);

/* Adds the container hook-sidecar-<number> for the sidecar with this index in the annotation; to a
 * container that exists, adds what it lacks. */
void annotations_sidecar_require(struct annotations_draft *draft,
    const struct annotations_sidecar *sidecar, long index, size_t number, const char *shim_image);

#endif
