#include "controller/launch/phase.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/watch/container_state.h"

enum phase { UNSET, PENDING, SCHEDULING, SCHEDULED, RUNNING, SUCCEEDED, FAILED };

static const char *const phase_names[] = {
    "", "Pending", "Scheduling", "Scheduled", "Running", "Succeeded", "Failed"};

static const char containers[] = "containerStatuses";
static const char init_containers[] = "initContainerStatuses";

/* The new state of the VMI: its phase, and why its guest does not run. */
struct outcome {
    enum phase phase;
    bool ready;
    char *reason; /* owned; NULL when ready */
    char *message; /* likewise */
};

static bool is_being_deleted(const json_t *object)
{
    return json_is_string(json_pointer_get(object, "/metadata/deletionTimestamp"));
}

static const char *node_of(const json_t *pod)
{
    return text_or(json_get_string(json_object_get(pod, "spec"), "nodeName"), "");
}

/* Takes ownership of message. */
static struct outcome outcome_new(enum phase phase, const char *reason, char *message)
{
    return (struct outcome){.phase = phase, .reason = xstrdup(reason), .message = message};
}

static struct outcome without_pod(enum phase before, bool deleted)
{
    if (before <= PENDING && !deleted)
        return outcome_new(PENDING, "PodNotExists", xstrdup("there is no launcher pod yet"));
    if (before <= PENDING)
        return outcome_new(FAILED, "Deleted", xstrdup("it was deleted before it had a pod"));
    if (deleted && before == RUNNING)
        return outcome_new(SUCCEEDED, "Deleted", xstrdup("it was deleted"));
    return outcome_new(FAILED, deleted ? "Deleted" : "PodDeleted",
        xasprintf("its launcher pod was deleted while it was %s", phase_names[before]));
}

/* compute has failed: uses hook-launcher's report, if it left one. */
static struct outcome compute_failed(const json_t *terminated)
{
    auto_json json_t *report = controller_termination_report(terminated);
    const char *cause = text_or(json_get_string(terminated, "reason"), "");
    if (report != NULL) {
        auto_free char *reason = xasprintf("%sFailed", json_get_string(report, "stage"));
        return outcome_new(FAILED, reason, xstrdup(json_get_string(report, "message")));
    }
    auto_free char *text = controller_termination_text(terminated);
    return outcome_new(FAILED, cause[0] == '\0' || streq(cause, "Error") ? "LauncherFailed" : cause,
        xasprintf("compute ended: %s", text));
}

/* The pod has failed, but not compute: the kubelet ended the pod, or compute never started. */
static struct outcome pod_failed(const json_t *pod)
{
    const json_t *status = json_object_get(pod, "status");
    const json_t *inits = json_object_get(status, init_containers);
    for (size_t i = 0; i < json_array_size(inits); i++) {
        const json_t *container = json_array_get(inits, i);
        const json_t *terminated = controller_container_state(container, "terminated");
        if (!controller_termination_failed(terminated))
            continue;
        auto_free char *text = controller_termination_text(terminated);
        return outcome_new(FAILED, "InitContainerFailed",
            xasprintf(
                "init container %s: %s", text_or(json_get_string(container, "name"), ""), text));
    }
    return outcome_new(FAILED, text_or(json_get_string(status, "reason"), "PodFailed"),
        xstrdup(text_or(json_get_string(status, "message"), "the launcher pod has failed")));
}

/* A container that cannot start, or NULL. */
static const json_t *find_trouble(const json_t *pod)
{
    const char *const lists[] = {init_containers, containers};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const json_t *list = json_object_get(json_object_get(pod, "status"), lists[i]);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *container = json_array_get(list, k);
            if (controller_container_trouble(container) != CONTROLLER_NO_TROUBLE)
                return container;
        }
    }
    return NULL;
}

/* Whether compute has started its guest and all other containers are up: only then does the
 * launcher have its sidecars. */
static bool is_running(const json_t *pod)
{
    const json_t *list = json_object_get(json_object_get(pod, "status"), containers);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *container = json_array_get(list, i);
        bool is_compute = streq(text_or(json_get_string(container, "name"), ""), "compute");
        bool is_there = is_compute ? controller_container_has_started(container)
                                   : json_is_true(json_object_get(container, "ready")) ||
                                         controller_container_state(container, "terminated");
        if (!is_there)
            return false;
    }
    return controller_container_find(pod, containers, "compute") != NULL;
}

static struct outcome of_live_pod(const json_t *pod, enum phase before)
{
    const json_t *compute = controller_container_find(pod, containers, "compute");
    const json_t *trouble = find_trouble(pod);
    enum phase phase = is_running(pod) ? RUNNING : node_of(pod)[0] != '\0' ? SCHEDULED : SCHEDULING;
    if (phase < before)
        phase = before;
    if (is_being_deleted(pod))
        return outcome_new(phase, "PodTerminating", xstrdup("the launcher pod is being deleted"));
    if (phase == RUNNING && json_is_true(json_object_get(compute, "ready")))
        return (struct outcome){.phase = phase, .ready = true};
    if (trouble != NULL) {
        const json_t *waiting = controller_container_state(trouble, "waiting");
        auto_free char *text = controller_container_waiting_text(trouble);
        return outcome_new(phase, json_get_string(waiting, "reason"),
            xasprintf("container %s: %s", text_or(json_get_string(trouble, "name"), ""), text));
    }
    if (phase == SCHEDULING)
        return outcome_new(
            phase, "PodNotScheduled", xstrdup("the launcher pod is not scheduled yet"));
    return outcome_new(phase, "ContainersNotReady",
        xstrdup(phase == RUNNING ? "compute is not ready"
                                 : "the containers of the launcher pod are starting"));
}

static struct outcome find_outcome(const json_t *machine, const json_t *pod, enum phase before)
{
    bool deleted = is_being_deleted(machine);
    if (pod == NULL)
        return without_pod(before, deleted);
    const json_t *compute = controller_container_find(pod, containers, "compute");
    const json_t *terminated = controller_container_state(compute, "terminated");
    const char *phase =
        text_or(json_get_string(json_object_get(pod, "status"), "phase"), "Pending");
    if (controller_termination_failed(terminated))
        return compute_failed(terminated);
    if (terminated == NULL && streq(phase, "Failed"))
        return pod_failed(pod);
    if (terminated == NULL && !streq(phase, "Succeeded"))
        return of_live_pod(pod, before);
    if (is_being_deleted(pod) && !deleted) {
        return outcome_new(
            FAILED, "PodDeleted", xstrdup("its launcher pod was deleted, and the guest ended"));
    }
    return outcome_new(SUCCEEDED, "GuestEnded", xstrdup("the guest has ended"));
}

static size_t find_condition(const json_t *conditions, const char *type)
{
    size_t index = 0;
    json_t *condition = NULL;
    json_array_foreach (conditions, index, condition) {
        if (streq(text_or(json_get_string(condition, "type"), ""), type))
            return index;
    }
    return json_array_size(conditions);
}

static void set_member(json_t *object, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        json_object_del(object, key);
    else
        json_object_set_new(object, key, json_string(value));
}

/* Sets a condition; reason and message may be NULL. */
static void set_condition(json_t *conditions, const char *type, const char *status,
    const char *reason, const char *message, const char *now)
{
    size_t index = find_condition(conditions, type);
    const json_t *before = json_array_get(conditions, index);
    /* json_copy takes no const value, and changes nothing */
    json_t *condition = json_is_object(before) ? json_copy((json_t *)before) : json_object();
    if (!streq(text_or(json_get_string(condition, "status"), ""), status))
        set_member(condition, "lastTransitionTime", now);
    set_member(condition, "type", type);
    set_member(condition, "status", status);
    set_member(condition, "reason", reason);
    set_member(condition, "message", message);
    if (before != NULL)
        json_array_set_new(conditions, index, condition);
    else
        json_array_append_new(conditions, condition);
}

/* Copies the pod's condition PodScheduled; a pruned pod omits it when it is True. */
static void copy_scheduled(json_t *conditions, const json_t *pod, const char *now)
{
    const json_t *theirs = json_object_get(json_object_get(pod, "status"), "conditions");
    const json_t *scheduled = json_array_get(theirs, find_condition(theirs, "PodScheduled"));
    if (node_of(pod)[0] != '\0')
        set_condition(conditions, "PodScheduled", "True", NULL, NULL, now);
    else if (scheduled != NULL)
        set_condition(conditions, "PodScheduled",
            text_or(json_get_string(scheduled, "status"), "Unknown"),
            json_get_string(scheduled, "reason"), json_get_string(scheduled, "message"), now);
}

static json_t *make_conditions(const json_t *old, const struct outcome *outcome, const json_t *pod,
    const struct controller_obstacle *obstacle, const char *now)
{
    json_t *conditions = json_is_array(old) ? json_copy((json_t *)old) : json_array();
    set_condition(conditions, "Ready", outcome->ready ? "True" : "False", outcome->reason,
        outcome->message, now);
    copy_scheduled(conditions, pod, now);
    if (obstacle != NULL)
        set_condition(
            conditions, "Synchronized", "False", obstacle->reason, obstacle->message, now);
    else
        json_array_remove(conditions, find_condition(conditions, "Synchronized"));
    return conditions;
}

static void set_phase(json_t *status, enum phase phase, const char *now)
{
    const json_t *old = json_object_get(status, "phaseTransitionTimestamps");
    json_t *times = json_is_array(old) ? json_copy((json_t *)old) : json_array();
    json_array_append_new(times,
        json_pack("{s:s, s:s}", "phase", phase_names[phase], "phaseTransitionTimestamp", now));
    json_object_set_new(status, "phaseTransitionTimestamps", times);
    json_object_set_new(status, "phase", json_string(phase_names[phase]));
}

static void set_pod(json_t *status, const json_t *pod)
{
    const char *uid = json_get_string(json_object_get(pod, "metadata"), "uid");
    if (node_of(pod)[0] != '\0')
        set_member(status, "nodeName", node_of(pod));
    if (uid != NULL)
        json_object_set_new(status, "activePods", json_pack("{s:s}", uid, node_of(pod)));
    else
        json_object_del(status, "activePods");
}

json_t *controller_phase_status(const json_t *machine, const json_t *pod,
    const struct controller_obstacle *obstacle, const char *now)
{
    const json_t *old = json_object_get(machine, "status");
    const char *name = text_or(json_get_string(old, "phase"), "");
    int index = text_index(name, phase_names, ARRAY_SIZE(phase_names));
    enum phase before = index < 0 ? UNSET : (enum phase)index;
    json_t *status = json_is_object(old) ? json_copy((json_t *)old) : json_object();
    if (before >= SUCCEEDED)
        return status;
    struct outcome outcome = find_outcome(machine, pod, before);
    if (outcome.phase != before)
        set_phase(status, outcome.phase, now);
    json_object_set_new(status, "conditions",
        make_conditions(json_object_get(old, "conditions"), &outcome, pod, obstacle, now));
    set_pod(status, pod);
    free(outcome.reason);
    free(outcome.message);
    return status;
}
