#include "controller/watch/pod_prune.h"

#include <ctype.h>
#include <string.h>

#include "annotations/launcher.h"
#include "annotations/outline.h"
#include "annotations/parse.h"
#include "base/json.h"
#include "base/text.h"
#include "controller/launch/pod_input.h"
#include "controller/watch/container_state.h"

enum {
    MOST_CONTAINERS = 256, /* of a pod, in the cache; ours has 66 */
    REPORT_MAX_BYTES = 4096, /* of what compute leaves when it ends; the kubelet takes no more */
    MESSAGE_MAX_BYTES = 1024, /* of any other message */
};

/* Copies those of the members that from has. */
static void keep(json_t *into, const json_t *from, const char *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(from, members[i]);
        if (value != NULL)
            json_object_set(into, members[i], value);
    }
}

/* Copies the message that from has, if it has one, or its end. A tenant writes it, and could fill the
 * cache with it; most is what it may take as JSON, where a control character takes six bytes. */
static void keep_message(json_t *into, const json_t *from, size_t most)
{
    const char *message = json_get_string(from, "message");
    if (message == NULL)
        return;
    const char *start = message + strlen(message);
    for (size_t taken = 0; start > message; start--) {
        taken += iscntrl((unsigned char)start[-1]) ? strlen("\\u0000") : 1;
        if (taken > most)
            break;
    }
    while ((*start & 0xc0) == 0x80) /* the rest of a character of UTF-8 */
        start++;
    json_object_set_new(into, "message", json_string(start));
}

/* Sets a member to value, unless it is empty. Takes ownership of value. */
static void set_filled(json_t *object, const char *key, json_t *take_value)
{
    auto_json json_t *value = take_value;
    if (json_object_size(value) > 0 || json_array_size(value) > 0)
        json_object_set(object, key, value);
}

static json_t *prune_terminated(const json_t *terminated, size_t most)
{
    static const char *const members[] = {"exitCode", "reason"};
    json_t *kept = json_object();
    keep(kept, terminated, members, ARRAY_SIZE(members));
    keep_message(kept, terminated, most);
    return kept;
}

static json_t *prune_state(const json_t *container)
{
    static const char *const members[] = {"reason"};
    const char *name = text_or(json_get_string(container, "name"), "");
    size_t most = streq(name, "compute") ? REPORT_MAX_BYTES : MESSAGE_MAX_BYTES;
    const json_t *terminated = controller_container_state(container, "terminated");
    json_t *state = json_object();
    if (terminated != NULL)
        json_object_set_new(state, "terminated", prune_terminated(terminated, most));
    if (controller_container_state(container, "running") != NULL)
        json_object_set_new(state, "running", json_object());
    if (controller_container_trouble(container) != CONTROLLER_NO_TROUBLE) {
        const json_t *from = controller_container_state(container, "waiting");
        json_t *waiting = json_object();
        keep(waiting, from, members, ARRAY_SIZE(members));
        keep_message(waiting, from, MESSAGE_MAX_BYTES);
        json_object_set_new(state, "waiting", waiting);
    }
    return state;
}

static json_t *prune_container(const json_t *container)
{
    static const char *const name[] = {"name"};
    static const char *const image[] = {"image"};
    json_t *kept = json_object();
    keep(kept, container, name, ARRAY_SIZE(name));
    if (json_is_true(json_object_get(container, "ready")))
        json_object_set_new(kept, "ready", json_true());
    else
        set_filled(kept, "state", prune_state(container));
    if (json_is_false(json_object_get(container, "started")))
        json_object_set_new(kept, "started", json_false());
    if (controller_container_trouble(container) != CONTROLLER_NO_TROUBLE)
        keep(kept, container, image, ARRAY_SIZE(image));
    json_t *restarts = json_object_get(container, "restartCount");
    if (json_integer_value(restarts) > 0) {
        const json_t *last = json_object_get(json_object_get(container, "lastState"), "terminated");
        json_object_set(kept, "restartCount", restarts);
        json_object_set_new(kept, "lastState",
            json_pack("{s:o}", "terminated", prune_terminated(last, MESSAGE_MAX_BYTES)));
    }
    return kept;
}

static json_t *prune_containers(const json_t *list)
{
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(list) && i < MOST_CONTAINERS; i++)
        json_array_append_new(kept, prune_container(json_array_get(list, i)));
    return kept;
}

/* Keeps only init containers that have failed or cannot start. */
static json_t *prune_init_containers(const json_t *list)
{
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(list) && i < MOST_CONTAINERS; i++) {
        const json_t *container = json_array_get(list, i);
        const json_t *terminated = controller_container_state(container, "terminated");
        if (controller_container_trouble(container) != CONTROLLER_NO_TROUBLE ||
            controller_termination_failed(terminated))
            json_array_append_new(kept, prune_container(container));
    }
    return kept;
}

/* Keeps only the condition PodScheduled, unless it is True. */
static json_t *prune_conditions(const json_t *list)
{
    static const char *const members[] = {"type", "status", "reason"};
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *condition = json_array_get(list, i);
        const char *type = text_or(json_get_string(condition, "type"), "");
        const char *status = text_or(json_get_string(condition, "status"), "");
        if (!streq(type, "PodScheduled") || streq(status, "True"))
            continue;
        json_t *pruned = json_object();
        keep(pruned, condition, members, ARRAY_SIZE(members));
        keep_message(pruned, condition, MESSAGE_MAX_BYTES);
        json_array_append_new(kept, pruned);
    }
    return kept;
}

static json_t *prune_metadata(const json_t *metadata)
{
    static const char *const members[] = {
        "name", "namespace", "uid", "resourceVersion", "deletionTimestamp"};
    static const char *const of_owner[] = {"apiVersion", "kind", "name", "uid", "controller"};
    static const char *const label[] = {CONTROLLER_LAUNCH_LABEL};
    const json_t *owners = json_object_get(metadata, "ownerReferences");
    json_t *kept = json_object();
    json_t *labels = json_object();
    keep(kept, metadata, members, ARRAY_SIZE(members));
    keep(labels, json_object_get(metadata, "labels"), label, ARRAY_SIZE(label));
    set_filled(kept, "labels", labels);
    for (size_t i = 0; i < json_array_size(owners); i++) {
        const json_t *owner = json_array_get(owners, i);
        if (!json_is_true(json_object_get(owner, "controller")))
            continue;
        json_t *pruned = json_object();
        keep(pruned, owner, of_owner, ARRAY_SIZE(of_owner));
        json_object_set_new(kept, "ownerReferences", json_pack("[o]", pruned));
        break;
    }
    return kept;
}

static json_t *prune_status(const json_t *status)
{
    static const char *const members[] = {"phase", "reason"};
    json_t *kept = json_object();
    keep(kept, status, members, ARRAY_SIZE(members));
    keep_message(kept, status, MESSAGE_MAX_BYTES);
    set_filled(kept, "conditions", prune_conditions(json_object_get(status, "conditions")));
    set_filled(
        kept, "containerStatuses", prune_containers(json_object_get(status, "containerStatuses")));
    set_filled(kept, "initContainerStatuses",
        prune_init_containers(json_object_get(status, "initContainerStatuses")));
    return kept;
}

/* Whether a container is a hook sidecar, and not that of a network binding plugin. */
static bool is_hook_sidecar(const json_t *container)
{
    const json_t *env = json_object_get(container, "env");
    if (!text_starts_with(text_or(json_get_string(container, "name"), ""), "hook-sidecar-"))
        return false;
    for (size_t i = 0; i < json_array_size(env); i++) {
        const char *name = json_get_string(json_array_get(env, i), "name");
        if (name != NULL && streq(name, "NETWORK_BINDING_PLUGIN_NAME"))
            return false;
    }
    return true;
}

static bool has_sidecars(const json_t *spec)
{
    const json_t *containers = json_object_get(spec, "containers");
    for (size_t i = 0; i < json_array_size(containers); i++) {
        if (is_hook_sidecar(json_array_get(containers, i)))
            return true;
    }
    return false;
}

/* Whether the pod has a volume for a sidecar's hostPath, which only we add. */
static bool has_host_paths(const json_t *spec)
{
    const json_t *volumes = json_object_get(spec, "volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const char *name = text_or(json_get_string(json_array_get(volumes, i), "name"), "");
        if (text_starts_with(name, "hook-sidecar-") && text_ends_with(name, "-hostpath"))
            return true;
    }
    return false;
}

/* Records what a pod lacks although its annotation asks for it, in "sidecarsMissing" or
 * "hostPathsMissing", with the annotation's key. This is done at every change of every launcher
 * pod, so the annotation is not checked. */
static void note_missing(json_t *kept, const char *annotation_key, const json_t *pod)
{
    const json_t *annotations = json_object_get(json_object_get(pod, "metadata"), "annotations");
    const json_t *spec = json_object_get(pod, "spec");
    bool sidecars = has_sidecars(spec);
    if ((sidecars && has_host_paths(spec)) || annotations_pod_is_provisioning(pod))
        return;
    struct findings findings = {0};
    const char *key = NULL;
    const char *text = annotations_find(annotations, annotation_key, &key, &findings);
    findings_clear(&findings);
    if (text == NULL)
        return;
    struct annotations_outline outline = annotations_outline(text, strlen(text));
    if (!sidecars && !outline.empty)
        json_object_set_new(kept, "sidecarsMissing", json_string(key));
    else if (sidecars && outline.host_path)
        json_object_set_new(kept, "hostPathsMissing", json_string(key));
}

const char *const controller_pod_kept[] = {"/kind", "/metadata/name", "/metadata/namespace",
    "/metadata/uid", "/metadata/resourceVersion", "/metadata/deletionTimestamp",
    "/metadata/ownerReferences", "/metadata/annotations", "/metadata/labels", "/spec/nodeName",
    "/spec/containers/*/name", "/spec/containers/*/env", "/spec/volumes/*/name", "/status", NULL};

json_t *controller_pod_prune(const char *annotation_key, const json_t *pod)
{
    static const char *const node[] = {"nodeName"};
    if (!json_is_object(json_object_get(pod, "metadata")) ||
        !json_is_object(json_object_get(pod, "spec")))
        return NULL;
    json_t *spec = json_object();
    keep(spec, json_object_get(pod, "spec"), node, ARRAY_SIZE(node));
    json_t *kept = json_object();
    json_object_set_new(kept, "metadata", prune_metadata(json_object_get(pod, "metadata")));
    set_filled(kept, "spec", spec);
    json_object_set_new(kept, "status", prune_status(json_object_get(pod, "status")));
    note_missing(kept, annotation_key, pod);
    return kept;
}
