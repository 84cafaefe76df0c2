#include "manager/manager.h"

#include <assert.h>
#include <stdlib.h>

#include "manager/order.h"
#include "manager/state.h"

static void on_finish(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    struct manager *manager = watcher->data;
    manager_done *done = steal(&manager->done);
    struct error *error = steal(&manager->error);
    auto_free char *output = steal(&manager->output);
    done(manager->user, error, output, manager->output_length);
    /* the manager may be gone */
}

struct manager *manager_new(
    struct ev_loop *loop, struct rpc *rpc, const struct manager_options *options)
{
    struct manager *manager = xmalloc(sizeof(*manager));
    *manager = (struct manager){.loop = loop, .rpc = rpc, .options = *options};
    if (manager->options.directory == NULL)
        manager->options.directory = MANAGER_SOCKET_DIRECTORY;
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
        "its connection was closed: it is gone, unless it was restarted");
}

void manager_watch(struct manager *manager)
{
    for (size_t i = 0; i < manager->count; i++) {
        manager->links[i].manager = manager;
        if (manager->links[i].channel != NULL)
            rpc_channel_watch(manager->links[i].channel, on_lost, &manager->links[i]);
    }
}

static void unwatch(struct manager *manager)
{
    for (size_t i = 0; i < manager->count; i++) {
        if (manager->links[i].channel != NULL)
            rpc_channel_watch(manager->links[i].channel, NULL, NULL);
    }
}

void manager_begin(struct manager *manager, manager_done *done, void *user)
{
    assert(manager->done == NULL);
    unwatch(manager);
    manager->done = done;
    manager->user = user;
    manager->cancel = NULL;
    ev_now_update(manager->loop); /* timers of the operation count from now */
}

void manager_work(struct manager *manager, void *work, void (*cancel)(void *work))
{
    manager->work = work;
    manager->cancel = cancel;
}

void manager_finish(
    struct manager *manager, struct error *take_error, char *take_output, size_t output_length)
{
    manager->cancel = NULL;
    manager->error = take_error;
    manager->output = take_output;
    manager->output_length = output_length;
    ev_timer_set(&manager->finish, 0, 0);
    ev_timer_start(manager->loop, &manager->finish);
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

void manager_emit(const struct manager *manager, const struct manager_event *event)
{
    if (manager->options.observer != NULL)
        manager->options.observer(manager->options.user, event);
}

void manager_warn(
    const struct manager *manager, const struct manager_sidecar *sidecar, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_error struct error *error = NULL;
    error_set(&error, ERROR_REMOTE, "%s", message);
    if (sidecar != NULL)
        manager_blame(sidecar, &error);
    manager_emit(manager, &(struct manager_event){.kind = MANAGER_EVENT_WARNING,
                              .sidecar = sidecar,
                              .call = manager->calls,
                              .error = error});
}

void manager_set_policy(const struct manager *manager, struct manager_sidecar *sidecar)
{
    const struct annotations_list *list = manager->options.list;
    sidecar->timeout_seconds = ANNOTATIONS_TIMEOUT_DEFAULT;
    sidecar->failure_policy = ANNOTATIONS_FAIL;
    if (list != NULL && sidecar->index >= 0 && (size_t)sidecar->index < list->count) {
        sidecar->timeout_seconds = list->sidecars[sidecar->index].timeout_seconds;
        sidecar->failure_policy = list->sidecars[sidecar->index].failure_policy;
    }
}

int manager_blame(const struct manager_sidecar *sidecar, struct error **err)
{
    if (sidecar->index < 0)
        return error_wrap(err, "sidecar %s", sidecar->name);
    return error_wrap(err, "sidecar %s (index %ld)", sidecar->name, sidecar->index);
}

const struct manager_sidecar *manager_sidecars(const struct manager *manager, size_t *count)
{
    *count = manager->count;
    return manager->sidecars;
}

static int compare_hook_order(const void *a, const void *b, void *hook)
{
    return manager_order_by_priority(*(const struct manager_sidecar *const *)a,
        *(const struct manager_sidecar *const *)b, *(const enum manager_hook *)hook);
}

const struct manager_sidecar **manager_order(
    const struct manager *manager, enum manager_hook hook, size_t *count)
{
    const struct manager_sidecar **order = xcalloc(manager->count + 1, sizeof(*order));
    *count = 0;
    for (size_t i = 0; i < manager->count; i++) {
        if (manager->sidecars[i].subscribed[hook])
            order[(*count)++] = &manager->sidecars[i];
    }
    qsort_r(order, *count, sizeof(*order), compare_hook_order, &hook);
    return order;
}
