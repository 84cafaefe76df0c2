#include "controller/launch/launch.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/launch/create.h"
#include "controller/launch/machine.h"
#include "controller/launch/needs.h"
#include "controller/launch/pod.h"
#include "controller/launch/pod_owner.h"
#include "controller/launch/status.h"
#include "controller/metrics.h"

enum {
    RETRY_MIN_MS = 50,
    RETRY_MAX_MS = 15 * 1000, /* the longest that a new ConfigMap goes unnoticed */
};

struct controller_launch {
    struct controller_launch_shared shared; /* with the works in progress */
    const struct kube_informer *machines, *pods;
    bool leads;
};

static void free_work(struct controller_launch_work *work)
{
    struct controller_launch_shared *shared = work->shared;
    controller_launch_needs_drop(work);
    controller_launch_work_free(work);
    if (shared->works == NULL)
        controller_launch_needs_forget(shared);
}

/* Frees the work, and returns its key to the queue with the result. */
static void finish(struct controller_launch_work *work)
{
    static const char *const labels[] = {
        [LAUNCH_OK] = "ok",
        [LAUNCH_REFUSED] = "refused",
        [LAUNCH_RETRY] = "retry",
        [LAUNCH_RETRY_LATER] = "retry",
    };
    struct kube_queue *queue = work->shared->queue;
    enum controller_launch_result result = work->result;
    auto_free char *key = steal(&work->key);
    free_work(work);
    controller_metrics_reconcile(labels[result]);
    if (result == LAUNCH_OK || result == LAUNCH_REFUSED)
        kube_queue_done(queue, key);
    else
        kube_queue_failed(queue, key, result == LAUNCH_RETRY_LATER ? LAUNCH_LATER_MS : 0);
}

static enum controller_launch_step pod_deleted(
    struct controller_launch_work *work, const struct kube_answer *answer)
{
    if (answer->failure != NULL && answer->failure->reason != KUBE_NOT_FOUND)
        return controller_launch_work_fail(work, "deleting the launcher pod", answer->failure);
    log_write(LOG_INFO, json_pack("{s:s}", "vmi", work->key), "the launcher pod is being deleted");
    return controller_launch_work_finish(work, LAUNCH_OK);
}

/* A VMI that is being deleted but waits for a finalizer keeps its pod until we delete it; without
 * finalizers, the garbage collector does. The pod has the VMI's grace period. */
static enum controller_launch_step end_pod(struct controller_launch_work *work)
{
    struct kube_request request = {
        .verb = KUBE_DELETE,
        .resource = &kube_pods,
        .name = kube_name(work->pod),
        .precondition_uid = kube_uid(work->pod),
    };
    return controller_launch_work_call(work, &request, pod_deleted);
}

static enum controller_launch_step pod_looked_for(
    struct controller_launch_work *work, const struct kube_answer *answer)
{
    if (answer->body != NULL && controller_pod_owner_is(answer->body, work->machine))
        return controller_launch_status(work, answer->body, NULL, LAUNCH_OK);
    if (answer->body != NULL || answer->failure->reason == KUBE_NOT_FOUND)
        return controller_launch_status(work, NULL, NULL, LAUNCH_OK);
    return controller_launch_work_fail(work, "looking for the launcher pod", answer->failure);
}

/* The cache has no pod for a VMI that had one or is being deleted: either the cache is stale, or
 * the pod is gone. */
static enum controller_launch_step look_for_pod(struct controller_launch_work *work)
{
    auto_free char *name = controller_pod_name(work->machine);
    struct kube_request request = {.verb = KUBE_GET, .resource = &kube_pods, .name = name};
    return controller_launch_work_call(work, &request, pod_looked_for);
}

/* The function that begins each step. */
static enum controller_launch_step (*const begin[])(struct controller_launch_work *work) = {
    [LAUNCH_READ_MACHINE] = controller_launch_create_read_machine,
    [LAUNCH_CHECK_NEEDS] = controller_launch_needs_check,
    [LAUNCH_MAKE_POD] = controller_launch_create_pod,
    [LAUNCH_READ_OTHER_POD] = controller_launch_create_read_other,
    [LAUNCH_LOOK_FOR_POD] = look_for_pod,
    [LAUNCH_END_POD] = end_pod,
    [LAUNCH_WRITE_STATUS] = controller_launch_status_write,
};

static void proceed(struct controller_launch_work *work, enum controller_launch_step next)
{
    while (next != LAUNCH_WAIT && next != LAUNCH_FINISH)
        next = begin[next](work);
    if (next == LAUNCH_FINISH)
        finish(work);
}

static bool is_leaving(const json_t *object)
{
    return json_pointer_get(object, "/metadata/deletionTimestamp") != NULL;
}

/* The first step, judged from the caches. */
static enum controller_launch_step decide(struct controller_launch_work *work)
{
    bool leaving = is_leaving(work->machine);
    bool held = json_pointer_get(work->machine, "/metadata/finalizers") != NULL;
    if (leaving && held && work->pod != NULL && !is_leaving(work->pod))
        return LAUNCH_END_POD;
    if (controller_machine_is_final(work->machine))
        return controller_launch_work_finish(work, LAUNCH_OK);
    if (work->pod != NULL)
        return controller_launch_status(work, work->pod, NULL, LAUNCH_OK);
    if (!leaving && controller_machine_needs_pod(work->machine))
        return LAUNCH_READ_MACHINE;
    return LAUNCH_LOOK_FOR_POD;
}

/* The VMI's pod in the cache, or NULL. */
static const json_t *find_pod(struct controller_launch *launch, const json_t *machine)
{
    auto_free char *name = controller_pod_name(machine);
    auto_free char *key = xasprintf("%s/%s", kube_namespace(machine), name);
    const json_t *pod = kube_informer_get(launch->pods, key);
    return pod != NULL && controller_pod_owner_is(pod, machine) ? pod : NULL;
}

static void work_on(void *user, const char *key)
{
    struct controller_launch *launch = user;
    const json_t *machine = kube_informer_get(launch->machines, key);
    if (machine == NULL) {
        kube_queue_done(launch->shared.queue, key);
        return;
    }
    struct controller_launch_work *work =
        controller_launch_work_new(&launch->shared, key, machine, find_pod(launch, machine));
    proceed(work, decide(work));
}

void controller_launch_machine_changed(struct controller_launch *launch, const char *key)
{
    if (launch->leads)
        kube_queue_add(launch->shared.queue, key);
}

/* Queues the VMI that a pod, or NULL, says it belongs to. */
static void queue_owner(struct controller_launch *launch, const json_t *pod)
{
    const char *name = json_get_string(controller_pod_owner_reference(pod), "name");
    if (name == NULL)
        return;
    auto_free char *machine = xasprintf("%s/%s", kube_namespace(pod), name);
    auto_json json_t *owner = kube_informer_read(launch->machines, machine);
    if (owner != NULL)
        kube_queue_add(launch->shared.queue, machine);
}

void controller_launch_pod_changed(
    struct controller_launch *launch, const json_t *before, const json_t *after)
{
    if (!launch->leads)
        return;
    queue_owner(launch, before); /* which it may have had until now */
    queue_owner(launch, after);
}

static void add_machine(void *user, const char *key, UNUSED const json_t *machine)
{
    struct controller_launch *launch = user;
    kube_queue_add(launch->shared.queue, key);
}

void controller_launch_rules_changed(struct controller_launch *launch)
{
    if (launch->leads)
        kube_informer_each(launch->machines, add_machine, launch);
}

void controller_launch_lead(struct controller_launch *launch, bool leads)
{
    if (launch->leads == leads)
        return;
    launch->leads = leads;
    if (leads) {
        kube_informer_each(launch->machines, add_machine, launch);
        kube_queue_resume(launch->shared.queue);
        return;
    }
    kube_queue_pause(launch->shared.queue);
    while (launch->shared.works != NULL) {
        launch->shared.works->result = LAUNCH_RETRY;
        finish(launch->shared.works);
    }
}

struct controller_launch *controller_launch_new(const struct controller_launch_options *options)
{
    struct controller_launch *launch = xcalloc(1, sizeof(*launch));
    launch->shared.options = *options;
    launch->shared.proceed = proceed;
    struct kube_queue_options queue = {
        .workers = options->settings->launch_workers,
        .retry_min_ms = RETRY_MIN_MS,
        .retry_max_ms = RETRY_MAX_MS,
        .work = work_on,
        .user = launch,
    };
    launch->shared.queue = kube_queue_new(&queue);
    kube_queue_pause(launch->shared.queue);
    return launch;
}

void controller_launch_watch(struct controller_launch *launch, const struct kube_informer *machines,
    const struct kube_informer *pods)
{
    launch->machines = machines;
    launch->pods = pods;
}

void controller_launch_free(struct controller_launch *launch)
{
    if (launch == NULL)
        return;
    while (launch->shared.works != NULL)
        free_work(launch->shared.works);
    kube_queue_free(launch->shared.queue);
    free(launch);
}

struct kube_queue *controller_launch_queue(struct controller_launch *launch)
{
    return launch->shared.queue;
}
