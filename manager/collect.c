#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>
#include <utstring.h>

#include "base/file.h"
#include "base/text.h"
#include "manager/dial.h"
#include "manager/discovery.h"
#include "manager/info.h"
#include "manager/order.h"
#include "manager/state.h"

/* A socket that does not answer is tried again after an eighth of its age, within these bounds. */
static const double retry_first = 0.001;
static const double retry_last = 0.25;

struct container;

/* A socket of a container. */
struct candidate {
    struct candidate *prev;
    struct candidate *next;
    struct container *container;
    char *path;
    ino_t inode; /* tells it from another at the same path */
    ev_tstamp found; /* when it appeared */
    ev_timer retry;
    struct manager_dial *dial; /* the try under way: somebody listens; or NULL */
    char *last; /* what the last try said; NULL before */
};

/* What may become a sidecar: a directory, or a socket directly in the socket directory. */
struct container {
    char *name; /* the key */
    struct collection *collection;
    char *directory; /* NULL when it is none */
    char *trouble; /* why the directory cannot be read; or NULL */
    struct candidate *candidates;
    struct candidate *answered; /* the one that counts; NULL until Info was answered */
    struct rpc_channel *channel; /* to it */
    struct manager_sidecar sidecar; /* name and socket borrowed from here */
    UT_hash_handle hh;
};

struct collection {
    struct manager *manager;
    struct manager_discovery *discovery;
    struct container *containers;
    size_t ready; /* containers that have answered */
    ev_timer deadline;
    double began; /* manager_clock */
};

static void candidate_free(struct candidate *candidate)
{
    DL_DELETE(candidate->container->candidates, candidate);
    ev_timer_stop(candidate->container->collection->manager->loop, &candidate->retry);
    manager_dial_cancel(candidate->dial);
    free(candidate->path);
    free(candidate->last);
    free(candidate);
}

static void container_free(struct container *container)
{
    HASH_DEL(container->collection->containers, container);
    while (container->candidates != NULL)
        candidate_free(container->candidates);
    rpc_channel_free(container->channel);
    free(container->directory);
    free(container->trouble);
    free(container->name);
    free(container);
}

static void collection_free(void *work)
{
    struct collection *collection = work;
    ev_timer_stop(collection->manager->loop, &collection->deadline);
    manager_discovery_free(collection->discovery);
    struct container *container;
    struct container *next;
    HASH_ITER (hh, collection->containers, container, next)
        container_free(container);
    free(collection);
}

/* Ends the collection; it is gone afterwards. */
static void collection_end(struct collection *collection, struct error *take_error)
{
    struct manager *manager = collection->manager;
    collection_free(collection);
    manager_finish(manager, take_error, NULL, 0);
}
static void on_dialed(void *user, struct rpc_channel *take_channel,
    const Kubevirt__Hooks__Info__InfoResult *answer, struct error *take_error);

/* Remembers what a try said, and tries again later; tells of what is more than nobody listening. */
static void candidate_failed(struct candidate *candidate, const struct error *error)
{
    const struct collection *collection = candidate->container->collection;
    struct manager *manager = collection->manager;
    bool told = candidate->last != NULL && streq(candidate->last, error->message);
    bool expected =
        error->errnum == ECONNREFUSED || error->errnum == ENOENT || error->errnum == EAGAIN;
    if (!expected && !told)
        manager_warn(manager, &candidate->container->sidecar, "%s", error->message);
    xstrset(&candidate->last, error->message);
    if (manager->options.present_only)
        return;
    double delay = (ev_now(manager->loop) - candidate->found) / 8;
    delay = delay < retry_first ? retry_first : delay > retry_last ? retry_last : delay;
    ev_timer_set(&candidate->retry, delay, 0);
    ev_timer_start(manager->loop, &candidate->retry);
}

/* Dials now, unless it is being dialled or its container has answered. */
static void candidate_try(struct candidate *candidate)
{
    struct container *container = candidate->container;
    if (container->answered != NULL || candidate->dial != NULL)
        return;
    struct manager *manager = container->collection->manager;
    ev_timer_stop(manager->loop, &candidate->retry);
    auto_error struct error *error = NULL;
    candidate->dial =
        manager_dial_start(manager->rpc, candidate->path, on_dialed, candidate, &error);
    if (candidate->dial == NULL)
        candidate_failed(candidate, error);
}

static void on_retry(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    candidate_try(watcher->data);
}

static struct candidate *candidate_find(struct container *container, const char *path)
{
    struct candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        if (streq(candidate->path, path))
            break;
    }
    return candidate;
}

/* A new candidate; NULL when the container has too many. */
static struct candidate *candidate_new(struct container *container, const char *path, ino_t inode)
{
    struct manager *manager = container->collection->manager;
    const struct candidate *other = NULL;
    size_t count = 0;
    DL_COUNT(container->candidates, other, count);
    if (count >= MANAGER_MAX_SOCKETS) {
        manager_warn(manager, &container->sidecar, "it has more than %d sockets: %s is ignored",
            MANAGER_MAX_SOCKETS, path);
        return NULL;
    }
    struct candidate *candidate = xmalloc(sizeof(*candidate));
    *candidate = (struct candidate){
        .container = container,
        .path = xstrdup(path),
        .inode = inode,
        .found = ev_now(manager->loop),
    };
    ev_timer_init(&candidate->retry, on_retry, 0, 0);
    candidate->retry.data = candidate;
    DL_APPEND(container->candidates, candidate);
    return candidate;
}

static void container_emit(
    const struct container *container, enum manager_event_kind kind, const char *socket)
{
    const struct collection *collection = container->collection;
    struct manager_sidecar sidecar = container->sidecar;
    sidecar.socket = socket;
    manager_emit(collection->manager, &(struct manager_event){.kind = kind,
                                          .sidecar = &sidecar,
                                          .milliseconds = manager_clock() - collection->began});
}

static struct container *container_get(struct collection *collection, const char *name)
{
    struct container *container = NULL;
    HASH_FIND_STR(collection->containers, name, container);
    if (container != NULL)
        return container;
    container = xmalloc(sizeof(*container));
    *container = (struct container){.name = xstrdup(name), .collection = collection};
    container->sidecar.name = container->name;
    container->sidecar.index = manager_index_of(name);
    manager_set_policy(collection->manager, &container->sidecar);
    HASH_ADD_KEYPTR(
        hh, collection->containers, container->name, strlen(container->name), container);
    return container;
}

/* The socket that answered is no more: the container has to answer anew. */
static void container_unanswer(struct container *container)
{
    container->answered = NULL;
    container->collection->ready--;
    rpc_channel_free(steal(&container->channel));
    struct candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        candidate_try(candidate);
    }
}

static void socket_gone(struct container *container, const char *path)
{
    struct candidate *candidate = candidate_find(container, path);
    if (candidate == NULL)
        return;
    bool answered = container->answered == candidate;
    candidate_free(candidate);
    if (answered)
        container_unanswer(container);
}

/* A socket is there: one that is new, or in the place of another, or known and touched. */
static void socket_seen(struct container *container, const char *path, ino_t inode)
{
    struct candidate *candidate = candidate_find(container, path);
    if (candidate != NULL && candidate->inode != inode) {
        socket_gone(container, path);
        candidate = NULL;
    }
    if (candidate == NULL) {
        candidate = candidate_new(container, path, inode);
        if (candidate == NULL)
            return;
        container_emit(container, MANAGER_EVENT_FOUND, path);
    }
    candidate_try(candidate);
}

/* What the watch sees. */
static void on_discovery(void *user, const struct manager_discovery_event *event)
{
    struct collection *collection = user;
    struct container *container = container_get(collection, event->container);
    switch (event->kind) {
    case MANAGER_DISCOVERY_CONTAINER:
        xstrset(&container->directory, event->path);
        xstrset(&container->trouble, NULL);
        break;
    case MANAGER_DISCOVERY_TROUBLE:
        xstrset(&container->trouble, event->error->message);
        manager_warn(collection->manager, &container->sidecar, "%s", event->error->message);
        break;
    case MANAGER_DISCOVERY_SOCKET:
        socket_seen(container, event->path, event->inode);
        break;
    case MANAGER_DISCOVERY_GONE:
        socket_gone(container, event->path);
        break;
    }
}

/* The expected sidecars are there, and so are others that listen: which are meant? */
static int check_surplus(const struct collection *collection, struct error **err)
{
    UT_string listening;
    utstring_init(&listening);
    const struct container *container = NULL;
    for (container = collection->containers; container != NULL; container = container->hh.next) {
        const struct candidate *candidate = NULL;
        DL_FOREACH (container->candidates, candidate) {
            if (candidate->dial != NULL)
                break;
        }
        if (candidate != NULL)
            utstring_printf(
                &listening, "%s%s", utstring_len(&listening) > 0 ? ", " : "", container->name);
        else if (container->answered == NULL && container->candidates != NULL)
            manager_warn(collection->manager, &container->sidecar,
                "it is more than the %zu expected, and nobody listens on its socket: ignored",
                collection->manager->options.sidecars);
    }
    int result = 0;
    if (utstring_len(&listening) > 0)
        result = error_set(err, ERROR_INPUT,
            "collecting sidecars in %s: %zu expected and there, and besides these there is %s: "
            "give the right number",
            collection->manager->options.directory, collection->manager->options.sidecars,
            utstring_body(&listening));
    utstring_done(&listening);
    return result;
}

static int compare_index(const struct container *a, const struct container *b)
{
    return manager_order_by_index(&a->sidecar, &b->sidecar);
}

/* Hands the containers that have answered over to the manager, in index order. */
static void take_answered(struct collection *collection)
{
    struct manager *manager = collection->manager;
    HASH_SORT(collection->containers, compare_index);
    manager->sidecars = xcalloc(collection->ready + 1, sizeof(*manager->sidecars));
    manager->links = xcalloc(collection->ready + 1, sizeof(*manager->links));
    struct container *container = NULL;
    for (container = collection->containers; container != NULL; container = container->hh.next) {
        if (container->answered == NULL)
            continue;
        struct manager_sidecar *sidecar = &manager->sidecars[manager->count];
        *sidecar = container->sidecar;
        sidecar->name = xstrdup(container->name);
        sidecar->socket = xstrdup(container->answered->path);
        manager->links[manager->count++] = (struct manager_link){
            .channel = steal(&container->channel), .directory = steal(&container->directory)};
    }
}

/* Whether no try is under way. */
static bool is_settled(const struct collection *collection)
{
    const struct container *container = NULL;
    for (container = collection->containers; container != NULL; container = container->hh.next) {
        const struct candidate *candidate = NULL;
        DL_FOREACH (container->candidates, candidate) {
            if (candidate->dial != NULL)
                return false;
        }
    }
    return true;
}

/* Ends the collection when it is complete. */
static void collection_check(struct collection *collection)
{
    const struct manager_options *options = &collection->manager->options;
    struct error *error = NULL;
    if (options->present_only ? !is_settled(collection) : collection->ready < options->sidecars)
        return;
    if (options->present_only || check_surplus(collection, &error) == 0)
        take_answered(collection);
    collection_end(collection, error);
}

/* A container's Info was answered: its other sockets do not matter any more. */
static void container_answer(struct candidate *answered, struct rpc_channel *take_channel)
{
    struct container *container = answered->container;
    container->answered = answered;
    container->channel = take_channel;
    container->collection->ready++;
    struct candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        manager_dial_cancel(steal(&candidate->dial));
        ev_timer_stop(container->collection->manager->loop, &candidate->retry);
    }
    container_emit(container, MANAGER_EVENT_READY, answered->path);
}

static void on_dialed(void *user, struct rpc_channel *take_channel,
    const Kubevirt__Hooks__Info__InfoResult *answer, struct error *take_error)
{
    struct candidate *candidate = user;
    struct container *container = candidate->container;
    struct collection *collection = container->collection;
    struct error *error = take_error;
    auto_free char *warning = NULL;
    candidate->dial = NULL;
    if (error == NULL)
        manager_info_read(answer, &container->sidecar, &warning, &error);
    if (warning != NULL)
        manager_warn(collection->manager, &container->sidecar, "%s", warning);
    if (error == NULL) {
        container_answer(candidate, take_channel);
        collection_check(collection);
        return;
    }
    rpc_channel_free(take_channel);
    error_wrap(&error, "%s", candidate->path);
    if (error->class == ERROR_REMOTE && !collection->manager->options.present_only) {
        manager_blame(&container->sidecar, &error);
        collection_end(collection, error);
        return;
    }
    candidate_failed(candidate, error);
    error_free(error);
    if (collection->manager->options.present_only)
        collection_check(collection);
}

/* Says of one container why it is not there. */
static void describe_missing(const struct container *container, UT_string *missing)
{
    utstring_printf(missing, "%s%s (", utstring_len(missing) > 0 ? ", " : "", container->name);
    const struct candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        utstring_printf(missing, "%s", candidate != container->candidates ? "; " : "");
        if (candidate->last != NULL)
            utstring_printf(missing, "%s", candidate->last);
        else
            utstring_printf(missing, "%s: Info is not answered", candidate->path);
    }
    if (container->trouble != NULL)
        utstring_printf(missing, "%s", container->trouble);
    else if (container->candidates == NULL)
        utstring_printf(missing, "no socket in %s", container->directory);
    utstring_printf(missing, ")");
}

/* Names the sidecars of which there is no sign, as KubeVirt would have named them. */
static void describe_unseen(struct collection *collection, size_t count, UT_string *missing)
{
    const struct manager_options *options = &collection->manager->options;
    for (size_t i = 0; i < options->sidecars && count > 0; i++) {
        auto_free char *name = xasprintf("hook-sidecar-%zu", i);
        struct container *container = NULL;
        HASH_FIND_STR(collection->containers, name, container);
        if (container != NULL)
            continue;
        utstring_printf(
            missing, "%s%s (no sign of it)", utstring_len(missing) > 0 ? ", " : "", name);
        count--;
    }
}

static void on_deadline(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    struct collection *collection = watcher->data;
    const struct manager_options *options = &collection->manager->options;
    if (options->present_only) {
        take_answered(collection);
        collection_end(collection, NULL);
        return;
    }
    UT_string came;
    UT_string missing;
    utstring_init(&came);
    utstring_init(&missing);
    HASH_SORT(collection->containers, compare_index);
    struct container *container = NULL;
    for (container = collection->containers; container != NULL; container = container->hh.next) {
        if (container->answered == NULL)
            describe_missing(container, &missing);
        else
            utstring_printf(&came, "%s%s", utstring_len(&came) > 0 ? ", " : "", container->name);
    }
    size_t seen = HASH_COUNT(collection->containers);
    describe_unseen(collection, options->sidecars > seen ? options->sidecars - seen : 0, &missing);
    struct error *error = NULL;
    error_set(&error, ERROR_TIMEOUT,
        "collecting sidecars in %s: after %g s %zu of %zu are there (%s); missing: %s",
        options->directory, (double)options->timeout_ms / 1e3, collection->ready, options->sidecars,
        utstring_len(&came) > 0 ? utstring_body(&came) : "none", utstring_body(&missing));
    utstring_done(&came);
    utstring_done(&missing);
    collection_end(collection, error);
}

void manager_collect(struct manager *manager, manager_done *done, void *user)
{
    assert(manager->sidecars == NULL); /* collected already */
    manager_begin(manager, done, user);
    if (manager->options.sidecars == 0 && !manager->options.present_only) {
        manager_finish(manager, NULL, NULL, 0);
        return;
    }
    struct collection *collection = xmalloc(sizeof(*collection));
    *collection = (struct collection){.manager = manager, .began = manager_clock()};
    manager_work(manager, collection, collection_free);
    ev_timer_init(&collection->deadline, on_deadline, (double)manager->options.timeout_ms / 1e3, 0);
    collection->deadline.data = collection;
    ev_timer_start(manager->loop, &collection->deadline);

    struct error *error = NULL;
    collection->discovery = manager_discovery_new(
        manager->loop, manager->options.directory, on_discovery, collection, &error);
    if (error != NULL)
        collection_end(collection, error);
    else if (manager->options.present_only)
        collection_check(collection);
}
