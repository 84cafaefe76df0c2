#include "manager/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unused.h"
#include "manager/info.h"
#include "manager/order.h"

/* A socket that does not answer is retried after an eighth of its age, within these bounds. */
static const double retry_first = 0.001;
static const double retry_last = 0.25;

static void candidate_free(struct manager_candidate *candidate)
{
    DL_DELETE(candidate->container->candidates, candidate);
    ev_timer_stop(candidate->container->collection->manager->loop, &candidate->retry);
    manager_dial_cancel(candidate->dial);
    free(candidate->path);
    free(candidate->last);
    free(candidate);
}

void manager_candidate_failed(struct manager_candidate *candidate, const struct error *error)
{
    struct manager *manager = candidate->container->collection->manager;
    bool told = candidate->last != NULL && streq(candidate->last, error->message);
    bool expected =
        error->errnum == ECONNREFUSED || error->errnum == ENOENT || error->errnum == EAGAIN;
    if (!expected && !told)
        manager_warn(manager, &candidate->container->sidecar, "%s", error->message);
    xstrset(&candidate->last, error->message);
    if (manager->options.present_only)
        return;
    double delay = (clock_seconds() - candidate->found) / 8;
    delay = delay < retry_first ? retry_first : delay > retry_last ? retry_last : delay;
    ev_timer_set(&candidate->retry, delay, 0);
    ev_timer_start(manager->loop, &candidate->retry);
}

/* Dials now, unless a dial is running or the container has answered. */
static void candidate_try(struct manager_candidate *candidate)
{
    struct manager_container *container = candidate->container;
    if (container->answered != NULL || candidate->dial != NULL)
        return;
    struct manager_collection *collection = container->collection;
    ev_timer_stop(collection->manager->loop, &candidate->retry);
    auto_error struct error *error = NULL;
    candidate->dial = manager_dial_start(collection->manager->rpc, candidate->path,
        MANAGER_INFO_TIMEOUT_MS, collection->on_dialed, candidate, &error);
    if (candidate->dial == NULL)
        manager_candidate_failed(candidate, error);
}

static void on_retry(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    candidate_try(watcher->data);
}

static struct manager_candidate *candidate_find(
    struct manager_container *container, const char *path)
{
    struct manager_candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        if (streq(candidate->path, path))
            break;
    }
    return candidate;
}

/* Returns a new candidate; NULL when the container has too many. */
static struct manager_candidate *candidate_new(
    struct manager_container *container, const char *path, ino_t inode)
{
    struct manager *manager = container->collection->manager;
    const struct manager_candidate *other = NULL;
    size_t count = 0;
    DL_COUNT(container->candidates, other, count);
    if (count >= MANAGER_MAX_SOCKETS) {
        manager_warn(manager, &container->sidecar, "it has more than %d sockets: %s is ignored",
            MANAGER_MAX_SOCKETS, path);
        return NULL;
    }
    struct manager_candidate *candidate = xmalloc(sizeof(*candidate));
    *candidate = (struct manager_candidate){
        .container = container,
        .path = xstrdup(path),
        .inode = inode,
        .found = clock_seconds(),
    };
    ev_timer_init(&candidate->retry, on_retry, 0, 0);
    candidate->retry.data = candidate;
    DL_APPEND(container->candidates, candidate);
    return candidate;
}

struct manager_container *manager_container_get(
    struct manager_collection *collection, const char *name)
{
    struct manager_container *container = NULL;
    HASH_FIND_STR(collection->containers, name, container);
    if (container != NULL)
        return container;
    container = xmalloc(sizeof(*container));
    *container = (struct manager_container){.name = xstrdup(name), .collection = collection};
    container->shown = text_printable(name, strlen(name), SIZE_MAX);
    container->sidecar.name = container->shown;
    container->sidecar.index = manager_index_of(name);
    manager_set_policy(collection->manager, &container->sidecar);
    HASH_ADD_KEYPTR(
        hh, collection->containers, container->name, strlen(container->name), container);
    return container;
}

void manager_container_free(struct manager_container *container)
{
    HASH_DEL(container->collection->containers, container);
    while (container->candidates != NULL)
        candidate_free(container->candidates);
    rpc_channel_free(container->channel);
    free(container->directory);
    free(container->trouble);
    free(container->shown);
    free(container->name);
    free(container);
}

int manager_container_compare(const struct manager_container *a, const struct manager_container *b)
{
    return manager_order_by_index(&a->sidecar, &b->sidecar);
}

bool manager_container_is_dialled(const struct manager_container *container)
{
    const struct manager_candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        if (candidate->dial != NULL)
            return true;
    }
    return false;
}

static void container_emit(
    const struct manager_container *container, enum manager_event_kind kind, const char *socket)
{
    const struct manager_collection *collection = container->collection;
    struct manager_sidecar sidecar = container->sidecar;
    sidecar.socket = socket;
    manager_emit(
        collection->manager, &(struct manager_event){.kind = kind,
                                 .sidecar = &sidecar,
                                 .milliseconds = clock_milliseconds() - collection->began});
}

void manager_container_socket_gone(struct manager_container *container, const char *path)
{
    struct manager_candidate *candidate = candidate_find(container, path);
    if (candidate == NULL)
        return;
    bool answered = container->answered == candidate;
    candidate_free(candidate);
    if (!answered)
        return;
    container->answered = NULL;
    container->collection->ready--;
    rpc_channel_free(steal(&container->channel));
    DL_FOREACH (container->candidates, candidate) {
        candidate_try(candidate);
    }
}

void manager_container_socket_seen(
    struct manager_container *container, const char *path, ino_t inode)
{
    struct manager_candidate *candidate = candidate_find(container, path);
    if (candidate != NULL && candidate->inode != inode) {
        manager_container_socket_gone(container, path);
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

void manager_container_answer(struct manager_candidate *answered, struct rpc_channel *take_channel)
{
    struct manager_container *container = answered->container;
    container->answered = answered;
    container->channel = take_channel;
    container->collection->ready++;
    struct manager_candidate *candidate = NULL;
    DL_FOREACH (container->candidates, candidate) {
        manager_dial_cancel(steal(&candidate->dial));
        ev_timer_stop(container->collection->manager->loop, &candidate->retry);
    }
    container_emit(container, MANAGER_EVENT_READY, answered->path);
}
