/* The resources of a sidecar, which must not change the pod's QoS class. */
#ifndef ANNOTATIONS_RESOURCES_H
#define ANNOTATIONS_RESOURCES_H

#include <jansson.h>

#include "annotations/draft.h"

/* Returns the resources of a sidecar that does not specify any. New reference.
 * Source: KubeVirt, virt-controller, the resources of sidecars. */
json_t *annotations_resources_default(const struct annotations_draft *draft);

/* Sets the resources of a container, which must be the draft's copy. Resources that would cost the
 * pod its class Guaranteed are an error about sidecar. */
void annotations_resources_apply(
    struct annotations_draft *draft, json_t *container, const json_t *resources, long sidecar);

#endif
