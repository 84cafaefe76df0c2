#include "controller/watch/sidecar_watch.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/watch/container_state.h"
#include "kube/resource.h"

static const char statuses[] = "containerStatuses";

enum { NOTICES_MAX = 256 }; /* of one change; a pod of ours has at most 66 containers */

/* The notices about a pod while they are collected. */
struct notices {
    const json_t *pod;
    bool may_end; /* its sidecars */
    struct controller_notice *items;
    size_t count;
};

static void notice(struct notices *notices, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void notice(struct notices *notices, const char *reason, const char *format, ...)
{
    if (notices->count == NOTICES_MAX)
        return;
    va_list args;
    va_start(args, format);
    char *message = xvasprintf(format, args);
    va_end(args);
    notices->items = xreallocarray(notices->items, notices->count + 1, sizeof(*notices->items));
    notices->items[notices->count++] =
        (struct controller_notice){.reason = xstrdup(reason), .message = message};
}

static const char *name_of(const json_t *container)
{
    return text_or(json_get_string(container, "name"), "");
}

/* Whether a container is one that we or KubeVirt added for the hooks. */
static bool is_sidecar(const json_t *container)
{
    return text_starts_with(name_of(container), "hook-sidecar-") ||
           streq(name_of(container), "hook-manager");
}

static json_int_t restarts(const json_t *container)
{
    return json_integer_value(json_object_get(container, "restartCount"));
}

static void check_trouble(struct notices *notices, const json_t *before, const json_t *container)
{
    enum controller_trouble trouble = controller_container_trouble(container);
    if (trouble == CONTROLLER_NO_TROUBLE || trouble == controller_container_trouble(before))
        return;
    const char *image = text_or(json_get_string(container, "image"), "");
    auto_free char *why = controller_container_waiting_text(container);
    if (trouble == CONTROLLER_IMAGE_TROUBLE) {
        notice(notices, "SidecarImagePullFailed",
            "%s: image %s cannot be pulled: %s (check its name, imagePullPolicy, and the node's "
            "access to the registry)",
            name_of(container), image, why);
    } else {
        notice(notices, "SidecarStartFailed", "%s: cannot be started: %s", name_of(container), why);
    }
}

/* A sidecar may end when its pod is deleted or compute has succeeded: that is not a crash. */
static bool may_end(const json_t *pod)
{
    const json_t *compute = controller_container_find(pod, statuses, "compute");
    const json_t *terminated = controller_container_state(compute, "terminated");
    return json_pointer_get(pod, "/metadata/deletionTimestamp") != NULL ||
           (terminated != NULL && !controller_termination_failed(terminated));
}

static void check_crash(struct notices *notices, const json_t *before, const json_t *container)
{
    const json_t *terminated = controller_container_state(container, "terminated");
    bool again = before != NULL && restarts(container) > restarts(before);
    if (terminated == NULL && again)
        terminated = json_object_get(json_object_get(container, "lastState"), "terminated");
    bool told = controller_container_state(before, "terminated") != NULL && !again;
    if (told || !controller_termination_failed(terminated) || notices->may_end)
        return;
    auto_free char *why = controller_termination_text(terminated);
    notice(notices, "SidecarCrashed", "%s crashed: %s (kubectl logs -n %s %s -c %s)",
        name_of(container), why, kube_namespace(notices->pod), kube_name(notices->pod),
        name_of(container));
}

/* The line of text that names a sidecar, or NULL. Owned by the caller. */
static char *line_with_sidecar(const char *text)
{
    enum { LONGEST = 512 };
    const char *found = strstr(text, "hook-sidecar-");
    if (found == NULL)
        return NULL;
    const char *begin = found;
    while (begin > text && begin[-1] != '\n')
        begin--;
    return text_printable(begin, strcspn(begin, "\n"), LONGEST);
}

/* Reports the termination message of compute, hook-launcher's or KubeVirt's, if it is about
 * hooks. */
static void check_compute(struct notices *notices, const json_t *before)
{
    static const char *const stages[] = {"Collect", "PreCloudInitIso", "OnDefineDomain"};
    const json_t *compute = controller_container_find(notices->pod, statuses, "compute");
    const json_t *terminated = controller_container_state(compute, "terminated");
    const json_t *old = controller_container_find(before, statuses, "compute");
    if (!controller_termination_failed(terminated) ||
        controller_container_state(old, "terminated") != NULL)
        return;
    auto_json json_t *report = controller_termination_report(terminated);
    const char *stage = json_get_string(report, "stage");
    if (stage != NULL && text_index(stage, stages, ARRAY_SIZE(stages)) < 0)
        return;
    if (stage != NULL) {
        notice(notices, "HookFailed", "%s: %s", stage, json_get_string(report, "message"));
        return;
    }
    auto_free char *line = line_with_sidecar(text_or(json_get_string(terminated, "message"), ""));
    if (line != NULL)
        notice(notices, "HookFailed", "compute failed, and said: %s", line);
}

static void check_missing(struct notices *notices, const json_t *before)
{
    const char *sidecars = json_get_string(notices->pod, "sidecarsMissing");
    const char *host_paths = json_get_string(notices->pod, "hostPathsMissing");
    if (sidecars != NULL && json_get_string(before, "sidecarsMissing") == NULL) {
        notice(notices, "SidecarsMissing",
            "pod %s has the annotation %s, but no hook sidecars: hook-controller's webhook did not "
            "see the pod when it was created. The VM runs without its hooks; restart it once the "
            "webhook answers",
            kube_name(notices->pod), sidecars);
    }
    if (host_paths != NULL && json_get_string(before, "hostPathsMissing") == NULL) {
        notice(notices, "SidecarsMissing",
            "pod %s has hook sidecars, but not the hostPath volumes of its annotation %s: "
            "hook-controller's webhook did not see the pod when it was created. Restart the VM "
            "once the webhook answers",
            kube_name(notices->pod), host_paths);
    }
}

static bool is_over(const json_t *pod)
{
    const char *phase = text_or(json_get_string(json_object_get(pod, "status"), "phase"), "");
    return streq(phase, "Succeeded") || streq(phase, "Failed");
}

/* The containers of pod's status by name; of equal names the first. New reference. */
static json_t *index_containers(const json_t *pod)
{
    const json_t *list = json_object_get(json_object_get(pod, "status"), statuses);
    json_t *by_name = json_object();
    for (size_t i = json_array_size(list); i > 0; i--) {
        json_t *container = json_array_get(list, i - 1);
        json_object_set_nocheck(by_name, name_of(container), container);
    }
    return by_name;
}

size_t controller_sidecar_notices(
    const json_t *before, const json_t *after, struct controller_notice **out)
{
    struct notices notices = {.pod = after, .may_end = may_end(after)};
    *out = NULL;
    /* the previous leader reported what ended before we started */
    if (after == NULL || (before == NULL && is_over(after)))
        return 0;
    const json_t *list = json_object_get(json_object_get(after, "status"), statuses);
    auto_json json_t *by_name = index_containers(before);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *container = json_array_get(list, i);
        if (!is_sidecar(container))
            continue;
        const json_t *old = json_object_get(by_name, name_of(container));
        check_trouble(&notices, old, container);
        check_crash(&notices, old, container);
    }
    check_compute(&notices, before);
    check_missing(&notices, before);
    *out = notices.items;
    return notices.count;
}

void controller_notices_free(struct controller_notice *notices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(notices[i].reason);
        free(notices[i].message);
    }
    free(notices);
}
