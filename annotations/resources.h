/* The resources of a sidecar, which keep the pod's QoS class as it is. */
#ifndef ANNOTATIONS_RESOURCES_H
#define ANNOTATIONS_RESOURCES_H

#include <jansson.h>

#include "annotations/draft.h"

/* The resources of a sidecar that says nothing of its own. New reference.
 * Source: KubeVirt, virt-controller, the resources of sidecars. */
json_t *annotations_resources_default(const struct annotations_draft *draft);

/* Gives a container, which is the draft's copy, the resources of the annotation. Resources that
 * would end the pod's class Guaranteed are an error about sidecar. */
void annotations_resources_apply(
    struct annotations_draft *draft, json_t *container, const json_t *resources, long sidecar);

#endif
