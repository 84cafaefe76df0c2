/* The resources of a sidecar, which keep the pod's QoS class as it is. */
#include "annotations/draft.h"

#include "annotations/quantity.h"
#include "base/json.h"
#include "base/text.h"

/* The resources that decide about a pod's QoS class.
 * Source: Kubernetes documentation, "Pod Quality of Service Classes". */
static const char *const qos_resources[] = {"cpu", "memory"};

static bool same_quantity(const json_t *a, const json_t *b)
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

/* A resource's quantity; NULL also for zero, which counts as none. */
static const json_t *find_quantity(const json_t *resources, const char *kind, const char *resource)
{
    const json_t *quantity = json_object_get(json_object_get(resources, kind), resource);
    const char *text = json_string_value(quantity);
    annotations_quantity value = 0;
    bool zero = text != NULL && annotations_quantity_parse(text, &value) && value == 0;
    return zero ? NULL : quantity;
}

/* Whether cpu and memory are limited, and the requests are the limits. A request that is not
 * there is the limit: the API server fills it in. */
static bool requests_are_limits(const json_t *container)
{
    const json_t *resources = json_object_get(container, "resources");
    for (size_t i = 0; i < ARRAY_SIZE(qos_resources); i++) {
        const json_t *limit = find_quantity(resources, "limits", qos_resources[i]);
        const json_t *request = find_quantity(resources, "requests", qos_resources[i]);
        if (limit == NULL || (request != NULL && !same_quantity(request, limit)))
            return false;
    }
    return true;
}

/* Whether KubeVirt gave this container resources by the VMI's QoS class: the guest's console log,
 * a container disk or virtiofs. */
static bool is_support_container(const json_t *container)
{
    const char *name = json_get_string(container, "name");
    return name != NULL &&
           (streq(name, "guest-console-log") || streq(name, "container-disk-binary") ||
               text_starts_with(name, "volume") || text_starts_with(name, "virtiofs-"));
}

bool annotations_pod_is_guaranteed(const json_t *spec, const json_t *compute)
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

json_t *annotations_resources_default(const struct annotations_draft *draft)
{
    if (!draft->guaranteed)
        return json_object();
    return json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "limits", "cpu", "200m", "memory", "64M",
        "requests", "cpu", "200m", "memory", "64M");
}

/* Whether theirs gives every quantity that ours gives. */
static bool resources_include(const json_t *theirs, const json_t *ours)
{
    static const char *const kinds[] = {"limits", "requests"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const json_t *their_quantities = json_object_get(theirs, kinds[i]);
        const char *resource = NULL;
        json_t *quantity = NULL;
        json_object_foreach (json_object_get(ours, kinds[i]), resource, quantity) {
            if (!same_quantity(json_object_get(their_quantities, resource), quantity))
                return false;
        }
    }
    return true;
}

/* Refuses resources that would end the class Guaranteed of the pod. */
static void check_guaranteed(struct annotations_draft *draft, const json_t *resources, long sidecar)
{
    for (size_t i = 0; i < ARRAY_SIZE(qos_resources); i++) {
        const json_t *limit = find_quantity(resources, "limits", qos_resources[i]);
        const json_t *request = find_quantity(resources, "requests", qos_resources[i]);
        if (limit == NULL) {
            annotations_draft_error(draft, sidecar, "resources",
                "limits.%s is missing, and the pod would no longer be of QoS class Guaranteed; "
                "limit cpu and memory, or leave resources out",
                qos_resources[i]);
        } else if (request != NULL && !same_quantity(request, limit)) {
            annotations_draft_error(draft, sidecar, "resources",
                "requests.%s is not limits.%s, and the pod would no longer be of QoS class "
                "Guaranteed; make them equal, or leave resources out",
                qos_resources[i], qos_resources[i]);
        }
    }
}

void annotations_resources_apply(
    struct annotations_draft *draft, json_t *container, const json_t *resources, long sidecar)
{
    if (draft->guaranteed)
        check_guaranteed(draft, resources, sidecar);
    if (!resources_include(json_object_get(container, "resources"), resources)) {
        /* a set replaces what is there: a limit of the one and a request of the other might not
         * go together */
        json_object_set(container, "resources", (json_t *)resources);
    }
}
