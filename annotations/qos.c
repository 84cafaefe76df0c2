#include "annotations/qos.h"

#include "annotations/quantity.h"
#include "base/json.h"
#include "base/text.h"

const char *annotations_qos_resource(size_t index)
{
    static const char *const resources[] = {"cpu", "memory"};
    return index < ARRAY_SIZE(resources) ? resources[index] : NULL;
}

bool annotations_qos_same_quantity(const json_t *a, const json_t *b)
{
    const char *text_a = json_string_value(a);
    const char *text_b = json_string_value(b);
    annotations_quantity value_a = 0;
    annotations_quantity value_b = 0;
    if (text_a == NULL || text_b == NULL)
        return a != NULL && b != NULL && json_equal(a, b);
    if (streq(text_a, text_b))
        return true;
    return annotations_quantity_parse(text_a, &value_a) &&
           annotations_quantity_parse(text_b, &value_b) && value_a == value_b;
}

/* Returns a resource's quantity; NULL also for zero, which counts as absent. */
static const json_t *find_quantity(const json_t *resources, const char *kind, const char *resource)
{
    const json_t *quantity = json_object_get(json_object_get(resources, kind), resource);
    const char *text = json_string_value(quantity);
    annotations_quantity value = 0;
    bool zero = text != NULL && annotations_quantity_parse(text, &value) && value == 0;
    return zero ? NULL : quantity;
}

enum annotations_qos_fault annotations_qos_find_fault(const json_t *resources, const char *resource)
{
    const json_t *limit = find_quantity(resources, "limits", resource);
    const json_t *request = find_quantity(resources, "requests", resource);
    if (limit == NULL)
        return ANNOTATIONS_QOS_NO_LIMIT;
    return request != NULL && !annotations_qos_same_quantity(request, limit)
               ? ANNOTATIONS_QOS_OTHER_REQUEST
               : ANNOTATIONS_QOS_NO_FAULT;
}

/* Whether cpu and memory have limits, and requests equal to them. */
static bool requests_are_limits(const json_t *container)
{
    const json_t *resources = json_object_get(container, "resources");
    const char *resource = NULL;
    for (size_t i = 0; (resource = annotations_qos_resource(i)) != NULL; i++) {
        if (annotations_qos_find_fault(resources, resource) != ANNOTATIONS_QOS_NO_FAULT)
            return false;
    }
    return true;
}

/* Whether KubeVirt sets this container's resources according to the VMI's QoS class: the guest's
 * console log, a container disk or virtiofs. */
static bool is_support_container(const json_t *container)
{
    const char *name = json_get_string(container, "name");
    return name != NULL &&
           (streq(name, "guest-console-log") || streq(name, "container-disk-binary") ||
               text_starts_with(name, "volume") || text_starts_with(name, "virtiofs-"));
}

bool annotations_qos_is_guaranteed(const json_t *spec, const json_t *compute)
{
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        size_t index = 0;
        json_t *container = NULL;
        json_array_foreach (json_object_get(spec, lists[i]), index, container) {
            if (is_support_container(container) && requests_are_limits(container))
                return true;
        }
    }
    return requests_are_limits(compute);
}
