#include "controller/watch/sidecar_events.h"

#include "base/json.h"
#include "controller/launch/pod_owner.h"
#include "controller/metrics.h"
#include "controller/watch/sidecar_watch.h"

/* The VMI that owns a pod, with what an event needs of it. New reference, or NULL. */
static json_t *owner_of(const json_t *pod)
{
    const json_t *metadata = json_object_get(pod, "metadata");
    const json_t *owner = controller_pod_owner_reference(pod);
    if (owner == NULL)
        return NULL;
    return json_pack("{s:{s:O*, s:O*, s:O*}}", "metadata", "namespace",
        json_object_get(metadata, "namespace"), "name", json_object_get(owner, "name"), "uid",
        json_object_get(owner, "uid"));
}

void controller_sidecar_events_record(
    struct kube_events *events, const json_t *before, const json_t *after)
{
    struct controller_notice *notices = NULL;
    size_t count = controller_sidecar_notices(before, after, &notices);
    auto_json json_t *machine = owner_of(after);
    for (size_t i = 0; i < count && machine != NULL; i++) {
        kube_event(events, &kube_virtual_machine_instances, machine, KUBE_EVENT_WARNING,
            notices[i].reason, "%s", notices[i].message);
        controller_metrics_event(notices[i].reason);
    }
    controller_notices_free(notices, count);
}
