#include "manager/state.h"

#include <assert.h>
#include <stdarg.h>

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
    ev_now_update(manager->loop); /* so that the operation's timers count from now */
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
        manager_sidecar_blame(sidecar, &error);
    manager_emit(manager,
        &(struct manager_event){.kind = MANAGER_EVENT_WARNING, .sidecar = sidecar, .error = error});
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
