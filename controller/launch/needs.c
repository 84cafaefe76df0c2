#include "controller/launch/needs.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <utstring.h>

#include "base/hash.h"
#include "controller/launch/pod_needs.h"
#include "controller/launch/status.h"

enum {
    ASKED_AT_ONCE = 16, /* objects of one VMI: other requests wait for no more of them */
    MOST_MISSING = 16, /* of one VMI; when so many are, the others are not asked for */
};

/* One object that a VMI needs. */
struct controller_launch_need {
    struct controller_launch_work *work;
    const struct kube_resource *resource;
    char *name; /* owned */
    struct controller_launch_read *read; /* that it waits for, or NULL: answered */
    bool missing;
    struct controller_launch_need *prev, *next; /* in read->needs */
};

/* A request for such an object. One for a ConfigMap serves all VMIs that were queued before it was
 * sent: its answer is new enough for all of them. */
struct controller_launch_read {
    struct controller_launch_shared *shared;
    struct kube_call *call; /* in progress, or NULL: found */
    struct controller_launch_need *needs; /* waiting for it */
    unsigned long number; /* the queue's last number when it was sent */
    char *key; /* in shared->reads; owned; NULL: not in there */
    UT_hash_handle hh;
};

static void unshare(struct controller_launch_read *read)
{
    if (read->key == NULL)
        return;
    HASH_DEL(read->shared->reads, read);
    free(steal(&read->key));
}

static void free_read(struct controller_launch_read *read)
{
    unshare(read);
    if (read->call != NULL)
        kube_call_cancel(read->call);
    free(read);
}

void controller_launch_needs_forget(struct controller_launch_shared *shared)
{
    struct controller_launch_read *read = NULL;
    struct controller_launch_read *next = NULL;
    HASH_ITER (hh, shared->reads, read, next)
        free_read(read);
}

static void leave_read(struct controller_launch_need *need)
{
    struct controller_launch_read *read = steal(&need->read);
    if (read == NULL)
        return;
    DL_DELETE(read->needs, need);
    if (read->needs == NULL)
        free_read(read);
}

void controller_launch_needs_drop(struct controller_launch_work *work)
{
    for (size_t i = 0; i < work->need_count; i++) {
        leave_read(&work->needs[i]);
        free(work->needs[i].name);
    }
    free(steal(&work->needs));
    work->need_count = work->needs_asked = work->needs_waiting = work->needs_missing = 0;
}

/* "ConfigMap a, PersistentVolumeClaim b". Owned by the caller; NULL when nothing is missing. */
static char *list_missing(const struct controller_launch_work *work)
{
    UT_string list;
    utstring_init(&list);
    for (size_t i = 0; i < work->need_count; i++) {
        const struct controller_launch_need *need = &work->needs[i];
        if (need->missing)
            utstring_printf(&list, "%s%s %s", utstring_len(&list) > 0 ? ", " : "",
                need->resource->kind, need->name);
    }
    if (utstring_len(&list) > 0)
        return utstring_body(&list);
    utstring_done(&list);
    return NULL;
}

static enum controller_launch_step all_answered(struct controller_launch_work *work)
{
    auto_free char *missing = list_missing(work);
    bool asked_all = work->needs_asked == work->need_count;
    controller_launch_needs_drop(work);
    if (missing == NULL)
        return LAUNCH_MAKE_POD;
    auto_free char *message = xasprintf(
        "not found in namespace %s: %s%s; the launcher pod is created when all of them exist",
        work->namespace, missing, asked_all ? "" : ", and perhaps others");
    return controller_launch_status_refuse(work, "MissingDependency", message, LAUNCH_RETRY);
}

static enum controller_launch_step ask_next(struct controller_launch_work *work);

static enum controller_launch_step need_answered(
    struct controller_launch_need *need, const struct kube_answer *answer)
{
    struct controller_launch_work *work = need->work;
    need->read = NULL;
    need->missing = answer->failure != NULL && answer->failure->reason == KUBE_NOT_FOUND;
    if (answer->failure == NULL && need->resource == &kube_persistent_volume_claims)
        json_object_set(work->claims, need->name, answer->body);
    if (answer->failure != NULL && !need->missing) {
        controller_launch_needs_drop(work);
        return controller_launch_work_fail(work, "looking up what the VMI needs", answer->failure);
    }
    work->needs_missing += need->missing;
    return --work->needs_waiting == 0 ? ask_next(work) : LAUNCH_WAIT;
}

/* A read that found its object is kept while it is shared, to answer later needs. */
static void read_answered(void *user, const struct kube_answer *answer)
{
    struct controller_launch_read *read = user;
    struct controller_launch_need *needs = steal(&read->needs);
    struct controller_launch_need *need = NULL;
    struct controller_launch_need *next = NULL;
    read->call = NULL;
    if (answer->failure != NULL || read->key == NULL)
        free_read(read);
    DL_FOREACH_SAFE (needs, need, next) {
        struct controller_launch_work *work = need->work;
        work->shared->proceed(work, need_answered(need, answer));
    }
}

static struct controller_launch_read *start_read(struct controller_launch_need *need)
{
    struct controller_launch_shared *shared = need->work->shared;
    struct controller_launch_read *read = xcalloc(1, sizeof(*read));
    struct kube_request request = {
        .verb = KUBE_GET,
        .resource = need->resource,
        .namespace = need->work->namespace,
        .name = need->name,
    };
    read->shared = shared;
    read->number = kube_queue_last_number(shared->queue);
    read->call = kube_call_start(shared->options.client, &request, read_answered, read);
    return read;
}

/* The read that serves the need of a ConfigMap: a shared one, or a new one. */
static struct controller_launch_read *find_read(struct controller_launch_need *need)
{
    struct controller_launch_shared *shared = need->work->shared;
    auto_free char *key = xasprintf("%s/%s", need->work->namespace, need->name);
    struct controller_launch_read *read = NULL;
    HASH_FIND_STR(shared->reads, key, read);
    if (read != NULL && read->number >= kube_queue_number(shared->queue, need->work->key))
        return read;
    if (read != NULL && read->call == NULL)
        free_read(read);
    else if (read != NULL)
        unshare(read);
    read = start_read(need);
    read->key = steal(&key);
    HASH_ADD_KEYPTR(hh, shared->reads, read->key, strlen(read->key), read);
    return read;
}

static void ask(struct controller_launch_need *need)
{
    struct controller_launch_read *read =
        need->resource == &kube_config_maps ? find_read(need) : start_read(need);
    if (read->call == NULL)
        return; /* it was found */
    need->read = read;
    DL_APPEND(read->needs, need);
    need->work->needs_waiting++;
}

/* Asks for the next needs. Ends the step when there are none, or when enough are missing: a VMI that
 * needs many objects is tried again and again, and leaves requests for others. */
static enum controller_launch_step ask_next(struct controller_launch_work *work)
{
    while (work->needs_waiting == 0) {
        if (work->needs_asked == work->need_count || work->needs_missing >= MOST_MISSING)
            return all_answered(work);
        for (size_t i = 0; i < ASKED_AT_ONCE && work->needs_asked < work->need_count; i++)
            ask(&work->needs[work->needs_asked++]);
    }
    return LAUNCH_WAIT;
}

static void add_needs(
    struct controller_launch_work *work, const struct kube_resource *resource, char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        struct controller_launch_need *need = &work->needs[work->need_count++];
        need->work = work;
        need->resource = resource;
        need->name = xstrdup(names[i]);
    }
}

static size_t count(char **names)
{
    size_t length = 0;
    while (names != NULL && names[length] != NULL)
        length++;
    return length;
}

enum controller_launch_step controller_launch_needs_check(struct controller_launch_work *work)
{
    struct controller_pod_needs needs = {0};
    controller_pod_needs_of(work->machine, work->list, &needs);
    work->claims = json_object();
    work->needs = xcalloc(count(needs.config_maps) + count(needs.claims) + 1, sizeof(*work->needs));
    add_needs(work, &kube_config_maps, needs.config_maps);
    add_needs(work, &kube_persistent_volume_claims, needs.claims);
    controller_pod_needs_clear(&needs);
    return ask_next(work);
}
