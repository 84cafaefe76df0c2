#include "controller/launch/launch.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "controller/launch/work.h"
#include "controller/launch/pod.h"
#include "controller/metrics.h"

enum {
    RETRY_MIN_MS = 50,
    RETRY_MAX_MS = 15 * 1000, /* how long a new ConfigMap may go unnoticed */
    STATUS_MAX_DEPTH = 32, /* what is deeper was never ours */
};

/* The launcher pod of an owner, found by its uid: pods that were made under another naming rule
 * are found too. */
struct controller_launch_owner {
    char *uid; /* of the owner */
    char *pod; /* the key of its pod */
    UT_hash_handle hh;
};

static const json_t *controller_reference(const json_t *object)
{
    const json_t *references = json_pointer_get(object, "/metadata/ownerReferences");
    size_t index = 0;
    json_t *reference = NULL;
    json_array_foreach (references, index, reference) {
        if (json_is_true(json_object_get(reference, "controller")))
            return reference;
    }
    return NULL;
}

bool controller_launch_owns(const json_t *machine, const json_t *pod)
{
    const char *uid = json_get_string(controller_reference(pod), "uid");
    return uid != NULL && streq(uid, kube_uid(machine));
}

/* A number that is another one when the value is another. */
static json_t *fingerprint(const json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    unsigned hash = 0;
    if (text != NULL)
        HASH_VALUE(text, strlen(text), hash);
    return json_integer(hash);
}

json_t *controller_launch_prune_machine(void *user, json_t *machine)
{
    (void)user;
    static const char *const kept[] = {
        "name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp"};
    const json_t *metadata = json_object_get(machine, "metadata");
    if (kube_name(machine)[0] == '\0' || kube_uid(machine)[0] == '\0')
        return NULL;
    json_t *identity = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        json_t *value = json_object_get(metadata, kept[i]);
        if (value != NULL)
            json_object_set(identity, kept[i], value);
    }
    if (json_array_size(json_object_get(metadata, "finalizers")) > 0)
        json_object_set_new(identity, "finalizers", json_true());
    json_t *status = json_object_get(machine, "status");
    bool usable = json_is_object(status) && json_depth(status, STATUS_MAX_DEPTH) < STATUS_MAX_DEPTH;
    return json_pack("{s:o, s:o, s:O*}", "metadata", identity, "annotations",
        fingerprint(json_object_get(metadata, "annotations")), "status", usable ? status : NULL);
}

static void free_work(struct controller_launch_work *work)
{
    struct controller_launch *launch = work->launch;
    DL_DELETE(launch->works, work);
    if (work->creates && --launch->creating == 0)
        kube_events_release(launch->options.events);
    if (work->call != NULL)
        kube_call_cancel(work->call);
    controller_launch_drop_needs(work);
    annotations_list_free(work->list);
    json_decref(work->machine);
    json_decref(work->claims);
    json_decref(work->status);
    free(work->obstacle.reason);
    free(work->obstacle.message);
    free(work->key);
    free(work->namespace);
    free(work->name);
    free(work);
    if (launch->works == NULL)
        controller_launch_forget_reads(launch);
}

void controller_launch_finish(
    struct controller_launch_work *work, enum controller_launch_result result)
{
    static const char *const labels[] = {
        [LAUNCH_OK] = "ok",
        [LAUNCH_REFUSED] = "refused",
        [LAUNCH_RETRY] = "retry",
        [LAUNCH_RETRY_LATER] = "retry",
    };
    struct kube_queue *queue = work->launch->queue;
    auto_free char *key = steal(&work->key);
    free_work(work);
    controller_metrics_reconcile(labels[result]);
    if (result == LAUNCH_OK || result == LAUNCH_REFUSED)
        kube_queue_done(queue, key);
    else
        kube_queue_failed(queue, key, result == LAUNCH_RETRY_LATER ? LAUNCH_LATER_MS : 0);
}

void controller_launch_fail(
    struct controller_launch_work *work, const char *what, const struct kube_failure *failure)
{
    /* a conflict is the cache being behind, and nobody's fault */
    log_write(failure->reason == KUBE_CONFLICT ? LOG_DEBUG : LOG_WARNING,
        json_pack("{s:s, s:s}", "vmi", work->key, "reason", kube_reason_name(failure->reason)),
        "%s: %s", what, failure->message);
    controller_launch_finish(work, LAUNCH_RETRY);
}

void controller_launch_call(
    struct controller_launch_work *work, struct kube_request *request, kube_done *done)
{
    request->namespace = work->namespace;
    work->call = kube_call_start(work->launch->options.client, request, done, work);
}

static void pod_deleted(void *user, const struct kube_answer *answer)
{
    struct controller_launch_work *work = user;
    work->call = NULL;
    if (answer->failure != NULL && answer->failure->reason != KUBE_NOT_FOUND) {
        controller_launch_fail(work, "deleting the launcher pod", answer->failure);
        return;
    }
    log_write(LOG_INFO, json_pack("{s:s}", "vmi", work->key), "the launcher pod is being deleted");
    controller_launch_finish(work, LAUNCH_OK);
}

/* A VMI that waits for someone's finalizer is not gone, and so neither is its pod until we delete
 * it; without one, the garbage collector does. The pod's own grace period is the VMI's. */
static void end_pod(struct controller_launch_work *work, const json_t *pod)
{
    struct kube_request request = {
        .verb = KUBE_DELETE,
        .resource = &kube_pods,
        .name = kube_name(pod),
        .precondition_uid = kube_uid(pod),
    };
    controller_launch_call(work, &request, pod_deleted);
}

static void pod_looked_for(void *user, const struct kube_answer *answer)
{
    struct controller_launch_work *work = user;
    work->call = NULL;
    if (answer->body != NULL && controller_launch_owns(work->machine, answer->body))
        controller_launch_write_status(work, answer->body, NULL, LAUNCH_OK);
    else if (answer->body != NULL || answer->failure->reason == KUBE_NOT_FOUND)
        controller_launch_write_status(work, NULL, NULL, LAUNCH_OK);
    else
        controller_launch_fail(work, "looking for the launcher pod", answer->failure);
}

/* The cache has no pod for a VMI that had one, or is leaving: either the cache is behind, or there
 * is none any more. */
static void look_for_pod(struct controller_launch_work *work)
{
    auto_free char *name = controller_pod_name(work->machine);
    struct kube_request request = {.verb = KUBE_GET, .resource = &kube_pods, .name = name};
    controller_launch_call(work, &request, pod_looked_for);
}

static const json_t *find_pod(struct controller_launch *launch, const json_t *machine)
{
    struct controller_launch_owner *owner = NULL;
    HASH_FIND_STR(launch->owners, kube_uid(machine), owner);
    return owner == NULL ? NULL : kube_informer_get(launch->pods, owner->pod);
}

static bool is_leaving(const json_t *object)
{
    return json_pointer_get(object, "/metadata/deletionTimestamp") != NULL;
}

const char *controller_launch_phase(const json_t *machine)
{
    return text_or(json_get_string(json_object_get(machine, "status"), "phase"), "");
}

bool controller_launch_needs_pod(const json_t *machine)
{
    const char *phase = controller_launch_phase(machine);
    return phase[0] == '\0' || streq(phase, "Pending");
}

static void decide(struct controller_launch_work *work)
{
    const json_t *pod = find_pod(work->launch, work->machine);
    const char *phase = controller_launch_phase(work->machine);
    bool final = streq(phase, "Succeeded") || streq(phase, "Failed");
    if (is_leaving(work->machine)) {
        bool held = json_pointer_get(work->machine, "/metadata/finalizers") != NULL;
        if (pod != NULL && held && !is_leaving(pod))
            end_pod(work, pod);
        else if (final)
            controller_launch_finish(work, LAUNCH_OK);
        else if (pod != NULL)
            controller_launch_write_status(work, pod, NULL, LAUNCH_OK);
        else
            look_for_pod(work);
    } else if (final) {
        controller_launch_finish(work, LAUNCH_OK);
    } else if (pod != NULL) {
        controller_launch_write_status(work, pod, NULL, LAUNCH_OK);
    } else if (controller_launch_needs_pod(work->machine)) {
        controller_launch_create(work);
    } else {
        look_for_pod(work);
    }
}

static void work_on(void *user, const char *key)
{
    struct controller_launch *launch = user;
    const json_t *cached = kube_informer_get(launch->machines, key);
    if (cached == NULL) {
        kube_queue_done(launch->queue, key);
        return;
    }
    struct controller_launch_work *work = xcalloc(1, sizeof(*work));
    work->launch = launch;
    work->key = xstrdup(key);
    kube_key_split(key, &work->namespace, &work->name);
    work->machine = json_incref((json_t *)cached);
    DL_APPEND(launch->works, work);
    decide(work);
}

void controller_launch_machine_changed(struct controller_launch *launch, const char *key)
{
    if (launch->leads)
        kube_queue_add(launch->queue, key);
}

static void forget_pod(struct controller_launch *launch, const char *key, const json_t *pod)
{
    struct controller_launch_owner *owner = NULL;
    HASH_FIND_STR(
        launch->owners, text_or(json_get_string(controller_reference(pod), "uid"), ""), owner);
    if (owner == NULL || !streq(owner->pod, key))
        return;
    HASH_DEL(launch->owners, owner);
    free(owner->uid);
    free(owner->pod);
    free(owner);
}

static void remember_pod(struct controller_launch *launch, const char *key, const char *uid)
{
    struct controller_launch_owner *owner = NULL;
    HASH_FIND_STR(launch->owners, uid, owner);
    if (owner == NULL) {
        owner = xcalloc(1, sizeof(*owner));
        owner->uid = xstrdup(uid);
        HASH_ADD_KEYPTR(hh, launch->owners, owner->uid, strlen(owner->uid), owner);
    }
    xstrset(&owner->pod, key);
}

void controller_launch_pod_changed(
    struct controller_launch *launch, const char *key, const json_t *before, const json_t *after)
{
    const json_t *reference = controller_reference(after != NULL ? after : before);
    const char *kind = json_get_string(reference, "kind");
    const char *name = json_get_string(reference, "name");
    const char *uid = json_get_string(reference, "uid");
    if (before != NULL)
        forget_pod(launch, key, before);
    if (kind == NULL || name == NULL || uid == NULL ||
        !streq(kind, kube_virtual_machine_instances.kind))
        return;
    if (after != NULL)
        remember_pod(launch, key, uid);
    if (!launch->leads)
        return;
    auto_free char *machine =
        xasprintf("%s/%s", kube_namespace(after != NULL ? after : before), name);
    kube_queue_add(launch->queue, machine);
}

static void add_machine(void *user, const char *key, const json_t *machine)
{
    (void)machine;
    struct controller_launch *launch = user;
    kube_queue_add(launch->queue, key);
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
        kube_queue_resume(launch->queue);
        return;
    }
    kube_queue_pause(launch->queue);
    while (launch->works != NULL)
        controller_launch_finish(launch->works, LAUNCH_RETRY);
}

struct controller_launch *controller_launch_new(const struct controller_launch_options *options)
{
    struct controller_launch *launch = xcalloc(1, sizeof(*launch));
    launch->options = *options;
    struct kube_queue_options queue = {
        .workers = options->settings->launch_workers,
        .retry_min_ms = RETRY_MIN_MS,
        .retry_max_ms = RETRY_MAX_MS,
        .work = work_on,
        .user = launch,
    };
    launch->queue = kube_queue_new(&queue);
    kube_queue_pause(launch->queue);
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
    while (launch->works != NULL)
        free_work(launch->works);
    kube_queue_free(launch->queue);
    struct controller_launch_owner *owner = NULL, *next = NULL;
    HASH_ITER (hh, launch->owners, owner, next) {
        HASH_DEL(launch->owners, owner);
        free(owner->uid);
        free(owner->pod);
        free(owner);
    }
    free(launch);
}

struct kube_queue *controller_launch_queue(struct controller_launch *launch)
{
    return launch->queue;
}
