#include "controller/launch/work.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/json.h"
#include "base/log.h"

struct controller_launch_work *controller_launch_work_new(struct controller_launch_shared *shared,
    const char *key, const json_t *machine, const json_t *pod)
{
    struct controller_launch_work *work = xcalloc(1, sizeof(*work));
    work->shared = shared;
    work->key = xstrdup(key);
    kube_key_split(key, &work->namespace, &work->name);
    work->machine = json_incref((json_t *)machine);
    work->pod = json_incref((json_t *)pod);
    DL_APPEND(shared->works, work);
    return work;
}

void controller_launch_work_free(struct controller_launch_work *work)
{
    struct controller_launch_shared *shared = work->shared;
    DL_DELETE(shared->works, work);
    if (work->creates && --shared->creating == 0)
        kube_events_release(shared->options.events);
    if (work->call != NULL)
        kube_call_cancel(work->call);
    annotations_list_free(work->list);
    json_decref(work->machine);
    json_decref(work->pod);
    json_decref(work->claims);
    json_decref(work->status);
    free(work->obstacle.reason);
    free(work->obstacle.message);
    free(work->key);
    free(work->namespace);
    free(work->name);
    free(work);
}

void controller_launch_work_creates(struct controller_launch_work *work)
{
    work->creates = true;
    if (work->shared->creating++ == 0)
        kube_events_hold(work->shared->options.events);
}

static void call_answered(void *user, const struct kube_answer *answer)
{
    struct controller_launch_work *work = user;
    work->call = NULL;
    work->shared->proceed(work, work->answered(work, answer));
}

enum controller_launch_step controller_launch_work_call(struct controller_launch_work *work,
    struct kube_request *request, controller_launch_answered *answered)
{
    request->namespace = work->namespace;
    work->answered = answered;
    work->call = kube_call_start(work->shared->options.client, request, call_answered, work);
    return LAUNCH_WAIT;
}

enum controller_launch_step controller_launch_work_finish(
    struct controller_launch_work *work, enum controller_launch_result result)
{
    work->result = result;
    return LAUNCH_FINISH;
}

enum controller_launch_step controller_launch_work_fail(
    struct controller_launch_work *work, const char *what, const struct kube_failure *failure)
{
    /* a conflict only means that the cache is stale */
    log_write(failure->reason == KUBE_CONFLICT ? LOG_DEBUG : LOG_WARNING,
        json_pack("{s:s, s:s}", "vmi", work->key, "reason", kube_reason_name(failure->reason)),
        "%s: %s", what, failure->message);
    return controller_launch_work_finish(work, LAUNCH_RETRY);
}
