#include "controller/launch/status.h"

#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "controller/launch/machine.h"

/* The merge patch (RFC 7396) that turns from into to: removed members are null. */
static json_t *merge_patch(const json_t *from, const json_t *to)
{
    json_t *patch = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)from, key, value) {
        if (json_object_get(to, key) == NULL)
            json_object_set_new(patch, key, json_null());
    }
    json_object_foreach ((json_t *)to, key, value) {
        if (!json_equal(json_object_get(from, key), value))
            json_object_set(patch, key, value);
    }
    return patch;
}

static void tell(const struct controller_launch_work *work)
{
    const char *phase = json_get_string(work->status, "phase");
    if (work->obstacle.reason != NULL) {
        log_write(LOG_WARNING,
            json_pack("{s:s, s:s}", "vmi", work->key, "reason", work->obstacle.reason),
            "no launcher pod: %s", work->obstacle.message);
        kube_event(work->shared->options.events, &kube_virtual_machine_instances, work->machine,
            KUBE_EVENT_WARNING, work->obstacle.reason, "%s", work->obstacle.message);
    }
    if (phase != NULL && !streq(phase, controller_machine_phase(work->machine)))
        log_write(LOG_INFO, json_pack("{s:s, s:s}", "vmi", work->key, "phase", phase),
            "the phase is %s", phase);
}

/* Whether a VMI that was patched as a whole still has its old status: then its CRD has a status
 * subresource by now, and the API server accepts a status only there. */
static bool was_left_out(const struct controller_launch_work *work, const json_t *written)
{
    const json_t *before = json_object_get(work->machine, "status");
    const json_t *after = json_object_get(written, "status");
    return work->whole && (before == after || json_equal(before, after));
}

static enum controller_launch_step status_written(
    struct controller_launch_work *work, const struct kube_answer *answer)
{
    struct controller_launch_shared *shared = work->shared;
    const struct kube_failure *failure = answer->failure;
    if (failure == NULL && was_left_out(work, answer->body)) {
        shared->no_status_subresource = false;
        return controller_launch_work_finish(work, LAUNCH_RETRY);
    }
    if (failure == NULL) {
        shared->no_status_subresource = work->whole;
        tell(work);
        return LAUNCH_FINISH;
    }
    if (failure->reason == KUBE_NOT_FOUND && !work->whole) {
        /* the VMI is gone, or its CRD has no status subresource */
        work->whole = true;
        return LAUNCH_WRITE_STATUS;
    }
    if (failure->reason == KUBE_NOT_FOUND)
        return controller_launch_work_finish(work, LAUNCH_OK);
    if (failure->reason == KUBE_INVALID) {
        log_write(LOG_ERROR, json_pack("{s:s}", "vmi", work->key),
            "the API server rejected the status: %s", failure->message);
        return controller_launch_work_finish(work, LAUNCH_RETRY_LATER);
    }
    return controller_launch_work_fail(work, "writing the status", failure);
}

/* The resourceVersion makes it a conflict if the VMI has changed since, or was created again under
 * its name. */
enum controller_launch_step controller_launch_status_write(struct controller_launch_work *work)
{
    const json_t *metadata = json_object_get(work->machine, "metadata");
    auto_json json_t *patch = json_pack("{s:{s:O}, s:o}", "metadata", "resourceVersion",
        json_object_get(metadata, "resourceVersion"), "status",
        merge_patch(json_object_get(work->machine, "status"), work->status));
    struct kube_request request = {
        .verb = KUBE_PATCH_MERGE,
        .resource = &kube_virtual_machine_instances,
        .name = work->name,
        .subresource = work->whole ? NULL : "status",
        .body = patch,
        .no_body = !work->whole,
    };
    return controller_launch_work_call(work, &request, status_written);
}

static void format_now(char text[static 32])
{
    time_t now = time(NULL);
    struct tm broken_down;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &broken_down));
}

enum controller_launch_step controller_launch_status(struct controller_launch_work *work,
    const json_t *pod, const struct controller_obstacle *obstacle,
    enum controller_launch_result result)
{
    char now[32];
    format_now(now);
    work->status = controller_phase_status(work->machine, pod, obstacle, now);
    work->result = result;
    if (json_equal(work->status, json_object_get(work->machine, "status")))
        return LAUNCH_FINISH;
    if (obstacle != NULL) {
        xstrset(&work->obstacle.reason, obstacle->reason);
        xstrset(&work->obstacle.message, obstacle->message);
    }
    work->whole = work->shared->no_status_subresource;
    return LAUNCH_WRITE_STATUS;
}

enum controller_launch_step controller_launch_status_refuse(struct controller_launch_work *work,
    const char *reason, const char *message, enum controller_launch_result result)
{
    struct controller_obstacle obstacle = {.reason = reason, .message = message};
    return controller_launch_status(work, NULL, &obstacle, result);
}
