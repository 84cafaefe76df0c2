/* The QoS class of a launcher pod, which sidecars must not change. */
#ifndef ANNOTATIONS_QOS_H
#define ANNOTATIONS_QOS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns the resources that decide a pod's QoS class, by index; NULL past the last one. Static.
 * Source: Kubernetes documentation, "Pod Quality of Service Classes". */
const char *annotations_qos_resource(size_t index);

/* What keeps a container from class Guaranteed. */
enum annotations_qos_fault {
    ANNOTATIONS_QOS_NO_FAULT,
    ANNOTATIONS_QOS_NO_LIMIT, /* a limit of zero counts as none */
    ANNOTATIONS_QOS_OTHER_REQUEST, /* the request differs from the limit */
};

/* Returns what keeps a container from class Guaranteed, for one of its resources. An absent request
 * equals the limit: the API server sets it. */
enum annotations_qos_fault annotations_qos_find_fault(
    const json_t *resources, const char *resource);

/* Whether two quantities are the same amount, however they are written. */
bool annotations_qos_same_quantity(const json_t *a, const json_t *b);

/* Whether KubeVirt created the pod for a VMI with dedicated CPUs or of QoS class Guaranteed. */
bool annotations_qos_is_guaranteed(const json_t *spec, const json_t *compute);

#endif
