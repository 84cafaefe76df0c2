#include "manager/collect.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unused.h"
#include "manager/container.h"
#include "manager/discovery.h"
#include "manager/info.h"
#include "manager/shortfall.h"

static void collection_free(void *work)
{
    struct manager_collection *collection = work;
    ev_timer_stop(collection->manager->loop, &collection->deadline);
    manager_discovery_stop(collection->manager->discovery);
    struct manager_container *container;
    struct manager_container *next;
    HASH_ITER (hh, collection->containers, container, next)
        manager_container_free(container);
    free(collection);
}

/* Ends and frees the collection. */
static void collection_end(struct manager_collection *collection, struct error *take_error)
{
    struct manager *manager = collection->manager;
    collection_free(collection);
    manager_finish(manager, take_error, NULL, 0);
}

/* Moves the containers that have answered to the manager, in index order. */
static void take_answered(struct manager_collection *collection)
{
    struct manager *manager = collection->manager;
    HASH_SORT(collection->containers, manager_container_compare);
    manager->sidecars = xcalloc(collection->ready + 1, sizeof(*manager->sidecars));
    manager->links = xcalloc(collection->ready + 1, sizeof(*manager->links));
    struct manager_container *container = NULL;
    manager_containers_foreach(collection, container)
    {
        if (container->answered == NULL)
            continue;
        struct manager_sidecar *sidecar = &manager->sidecars[manager->count];
        *sidecar = container->sidecar;
        sidecar->name = xstrdup(container->shown);
        sidecar->socket =
            text_printable(container->answered->path, strlen(container->answered->path), SIZE_MAX);
        manager->links[manager->count++] = (struct manager_link){
            .channel = steal(&container->channel),
            .directory = steal(&container->directory),
            .socket = xstrdup(container->answered->path),
        };
    }
}

/* How many have answered, or listen and may answer. */
static size_t count_listening(const struct manager_collection *collection)
{
    size_t listening = collection->ready;
    const struct manager_container *container = NULL;
    manager_containers_foreach(collection, container) listening +=
        manager_container_is_dialled(container) ? 1 : 0;
    return listening;
}

/* Ends the collection if it is complete. */
static void collection_check(struct manager_collection *collection)
{
    const struct manager_options *options = &collection->manager->options;
    struct error *error = NULL;
    bool complete = options->present_only ? count_listening(collection) == collection->ready
                                          : collection->ready >= options->sidecars;
    if (!complete)
        return;
    if (options->present_only || manager_shortfall_check_surplus(collection, &error) == 0)
        take_answered(collection);
    collection_end(collection, error);
}

/* Watches for new sockets, unless enough sidecars already listen. */
static int watch_if_needed(const struct manager_collection *collection, struct error **err)
{
    const struct manager *manager = collection->manager;
    if (manager->options.present_only || count_listening(collection) >= manager->options.sidecars)
        return 0;
    return manager_discovery_watch(manager->discovery, err);
}

static void on_dialed(void *user, struct rpc_channel *take_channel,
    const Kubevirt__Hooks__Info__InfoResult *answer, struct error *take_error)
{
    struct manager_candidate *candidate = user;
    struct manager_container *container = candidate->container;
    struct manager_collection *collection = container->collection;
    struct error *error = take_error;
    auto_free char *warning = NULL;
    candidate->dial = NULL;
    if (error == NULL)
        manager_info_read(answer, &container->sidecar, &warning, &error);
    if (warning != NULL)
        manager_warn(collection->manager, &container->sidecar, "%s", warning);
    if (error == NULL) {
        manager_container_answer(candidate, take_channel);
        collection_check(collection);
        return;
    }
    rpc_channel_free(take_channel);
    error_wrap(&error, "%s", candidate->path);
    if (error->class == ERROR_REMOTE && !collection->manager->options.present_only) {
        manager_sidecar_blame(&container->sidecar, &error);
        collection_end(collection, error);
        return;
    }
    manager_candidate_failed(candidate, error);
    error_free(steal(&error));
    if (watch_if_needed(collection, &error) < 0)
        collection_end(collection, error);
    else
        collection_check(collection);
}

static void on_discovery(void *user, const struct manager_discovery_event *event)
{
    struct manager_collection *collection = user;
    struct manager_container *container = manager_container_get(collection, event->container);
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
        manager_container_socket_seen(container, event->path, event->inode);
        break;
    case MANAGER_DISCOVERY_GONE:
        manager_container_socket_gone(container, event->path);
        break;
    }
}

static void on_deadline(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct manager_collection *collection = watcher->data;
    struct error *error = NULL;
    if (collection->manager->options.present_only)
        take_answered(collection);
    else
        manager_shortfall_late(collection, &error);
    collection_end(collection, error);
}

void manager_collect_start(struct manager *manager)
{
    assert(manager->sidecars == NULL); /* collected already */
    if (manager->options.sidecars == 0 && !manager->options.present_only) {
        manager_finish(manager, NULL, NULL, 0);
        return;
    }
    struct manager_collection *collection = xmalloc(sizeof(*collection));
    *collection = (struct manager_collection){
        .manager = manager, .began = clock_milliseconds(), .on_dialed = on_dialed};
    manager_work(manager, collection, collection_free);
    ev_timer_init(&collection->deadline, on_deadline, (double)manager->options.timeout_ms / 1e3, 0);
    collection->deadline.data = collection;
    ev_timer_start(manager->loop, &collection->deadline);

    struct error *error = NULL;
    manager_discovery_free(manager->discovery);
    manager->discovery =
        manager_discovery_new(manager->loop, manager->options.directory, on_discovery, collection);
    if (manager_discovery_look(manager->discovery, &error) < 0 ||
        watch_if_needed(collection, &error) < 0)
        collection_end(collection, error);
    else
        collection_check(collection);
}
