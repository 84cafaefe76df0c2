#include "manager/manager.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/unused.h"
#include "manager/chain.h"
#include "manager/collect.h"
#include "manager/shutdown.h"
#include "manager/state.h"

static void on_finish(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct manager *manager = watcher->data;
    manager_done *done = steal(&manager->done);
    struct error *error = steal(&manager->error);
    auto_free char *output = steal(&manager->output);
    done(manager->user, error, output, manager->output_length);
    /* the manager may be freed now */
}

struct manager *manager_new(
    struct ev_loop *loop, struct rpc *rpc, const struct manager_options *options)
{
    struct manager *manager = xmalloc(sizeof(*manager));
    *manager = (struct manager){.loop = loop, .rpc = rpc, .options = *options};
    if (manager->options.directory == NULL)
        manager->options.directory = HOOKS_SOCKET_DIRECTORY;
    if (manager->options.slow_chain_ms == 0)
        manager->options.slow_chain_ms = MANAGER_SLOW_CHAIN_MS;
    ev_timer_init(&manager->finish, on_finish, 0, 0);
    manager->finish.data = manager;
    return manager;
}

void manager_free(struct manager *manager)
{
    if (manager == NULL)
        return;
    manager_cancel(manager);
    for (size_t i = 0; i < manager->count; i++) {
        rpc_channel_free(manager->links[i].channel);
        free(manager->links[i].directory);
        free(manager->links[i].socket);
        free((char *)manager->sidecars[i].name);
        free((char *)manager->sidecars[i].socket);
    }
    free(manager->sidecars);
    free(manager->links);
    manager_discovery_free(manager->discovery);
    free(manager);
}

static void on_lost(void *user)
{
    const struct manager_link *link = user;
    const struct manager *manager = link->manager;
    manager_warn(manager, &manager->sidecars[link - manager->links],
        "its connection was closed: it has ended, unless it was restarted");
}

void manager_watch(struct manager *manager)
{
    for (size_t i = 0; i < manager->count; i++) {
        manager->links[i].manager = manager;
        if (manager->links[i].channel != NULL)
            rpc_channel_watch(manager->links[i].channel, on_lost, &manager->links[i]);
    }
}

void manager_cancel(struct manager *manager)
{
    if (manager->done == NULL)
        return;
    manager->done = NULL;
    if (manager->cancel != NULL)
        manager->cancel(manager->work);
    manager->cancel = NULL;
    ev_timer_stop(manager->loop, &manager->finish);
    error_free(steal(&manager->error));
    free(steal(&manager->output));
}

const struct manager_sidecar *manager_sidecars(const struct manager *manager, size_t *count)
{
    *count = manager->count;
    return manager->sidecars;
}

void manager_collect(struct manager *manager, manager_done *done, void *user)
{
    manager_begin(manager, done, user);
    manager_collect_start(manager);
}

void manager_chain(struct manager *manager, enum hooks_point hook, struct bytes document,
    struct bytes vmi, manager_done *done, void *user)
{
    manager_begin(manager, done, user);
    manager_chain_start(manager, hook, document, vmi);
}

void manager_shutdown(struct manager *manager, manager_done *done, void *user)
{
    manager_begin(manager, done, user);
    manager_shutdown_start(manager);
}
