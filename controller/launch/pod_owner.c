#include "controller/launch/pod_owner.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/launch/machine.h"
#include "controller/launch/pod.h"
#include "controller/launch/pod_input.h"
#include "kube/resource.h"

/* Whether an apiVersion, "GROUP/VERSION", is of the VMIs' group. */
static bool is_of_group(const char *api_version)
{
    const char *group = kube_virtual_machine_instances.group;
    size_t length = strlen(group);
    return text_starts_with(api_version, group) && api_version[length] == '/';
}

const json_t *controller_pod_owner_reference(const json_t *pod)
{
    const json_t *references = json_pointer_get(pod, "/metadata/ownerReferences");
    size_t index = 0;
    json_t *reference = NULL;
    json_array_foreach (references, index, reference) {
        if (!json_is_true(json_object_get(reference, "controller")))
            continue; /* Kubernetes allows only one that is */
        const char *kind = text_or(json_get_string(reference, "kind"), "");
        const char *version = text_or(json_get_string(reference, "apiVersion"), "");
        bool known =
            json_get_string(reference, "name") != NULL && json_get_string(reference, "uid") != NULL;
        bool fits = streq(kind, kube_virtual_machine_instances.kind) && is_of_group(version);
        return known && fits ? reference : NULL;
    }
    return NULL;
}

/* Whether the status says that the VMI has another pod. */
static bool has_another(const json_t *machine, const char *pod_uid)
{
    const json_t *active = json_pointer_get(machine, "/status/activePods");
    return !controller_machine_needs_pod(machine) && json_object_size(active) > 0 &&
           json_object_get(active, pod_uid) == NULL;
}

bool controller_pod_owner_is(const json_t *pod, const json_t *machine)
{
    const json_t *reference = controller_pod_owner_reference(pod);
    if (reference == NULL || !streq(json_get_string(reference, "name"), kube_name(machine)) ||
        !streq(json_get_string(reference, "uid"), kube_uid(machine)))
        return false;
    auto_free char *name = controller_pod_name(machine);
    return streq(kube_namespace(pod), kube_namespace(machine)) && streq(kube_name(pod), name) &&
           streq(text_or(kube_label(pod, CONTROLLER_LAUNCH_LABEL), ""), "true") &&
           !has_another(machine, kube_uid(pod));
}
