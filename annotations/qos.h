/* The QoS class of a launcher pod, which sidecars must not change. */
#ifndef ANNOTATIONS_QOS_H
#define ANNOTATIONS_QOS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The resources that decide about a pod's QoS class, by index; NULL past the last one. Static.
 * Source: Kubernetes documentation, "Pod Quality of Service Classes". */
const char *annotations_qos_resource(size_t index);

/* What keeps a container from class Guaranteed. */
enum annotations_qos_fault {
    ANNOTATIONS_QOS_NO_FAULT,
    ANNOTATIONS_QOS_NO_LIMIT, /* a limit of zero counts as none */
    ANNOTATIONS_QOS_OTHER_REQUEST, /* the request is not the limit */
};

/* What keeps a container with these resources from class Guaranteed, as far as one resource is
 * concerned. A request that is not there is the limit: the API server fills it in. */
enum annotations_qos_fault annotations_qos_find_fault(
    const json_t *resources, const char *resource);

/* Whether two quantities are the same amount, however they are written. */
bool annotations_qos_same_quantity(const json_t *a, const json_t *b);

/* Whether KubeVirt made the pod for a VMI with dedicated CPUs or of QoS class Guaranteed. */
bool annotations_qos_is_guaranteed(const json_t *spec, const json_t *compute);

#endif
