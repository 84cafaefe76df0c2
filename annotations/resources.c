#include "annotations/resources.h"

#include "annotations/qos.h"

json_t *annotations_resources_default(const struct annotations_draft *draft)
{
    if (!draft->guaranteed)
        return json_object();
    return json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "limits", "cpu", "200m", "memory", "64M",
        "requests", "cpu", "200m", "memory", "64M");
}

/* Whether theirs has every quantity of ours. */
static bool resources_include(const json_t *theirs, const json_t *ours)
{
    static const char *const kinds[] = {"limits", "requests"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const json_t *their_quantities = json_object_get(theirs, kinds[i]);
        const char *resource = NULL;
        json_t *quantity = NULL;
        json_object_foreach (json_object_get(ours, kinds[i]), resource, quantity) {
            if (!annotations_qos_same_quantity(
                    json_object_get(their_quantities, resource), quantity))
                return false;
        }
    }
    return true;
}

/* Refuses resources that would cost the pod its class Guaranteed. */
static void check_guaranteed(struct annotations_draft *draft, const json_t *resources, long sidecar)
{
    const char *resource = NULL;
    for (size_t i = 0; (resource = annotations_qos_resource(i)) != NULL; i++) {
        enum annotations_qos_fault fault = annotations_qos_find_fault(resources, resource);
        if (fault == ANNOTATIONS_QOS_NO_LIMIT) {
            annotations_draft_error(draft, sidecar, "resources",
                "limits.%s is missing, so the pod would lose its QoS class Guaranteed; set limits "
                "for "
                "cpu and memory, or leave out resources",
                resource);
        } else if (fault == ANNOTATIONS_QOS_OTHER_REQUEST) {
            annotations_draft_error(draft, sidecar, "resources",
                "requests.%s differs from limits.%s, so the pod would lose its QoS class "
                "Guaranteed; "
                "make them equal, or leave out resources",
                resource, resource);
        }
    }
}

void annotations_resources_apply(
    struct annotations_draft *draft, json_t *container, const json_t *resources, long sidecar)
{
    if (draft->guaranteed)
        check_guaranteed(draft, resources, sidecar);
    if (!resources_include(json_object_get(container, "resources"), resources)) {
        /* replaced as a whole: a limit of one and a request of the other might not fit together */
        json_object_set(container, "resources", (json_t *)resources);
    }
}
