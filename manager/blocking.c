#include "manager/blocking.h"

#include <stdlib.h>

#include "base/unused.h"
#include "rpc/rpc.h"

struct manager_blocking {
    struct ev_loop *loop;
    struct rpc *rpc;
    struct manager *manager;
    ev_async interrupt;
    bool interrupted;

    /* How the last operation ended. */
    struct error *error;
    char *output;
    size_t output_length;
};

static void on_interrupt(struct ev_loop *loop, ev_async *watcher, UNUSED int events)
{
    struct manager_blocking *blocking = watcher->data;
    blocking->interrupted = true;
    manager_cancel(blocking->manager);
    ev_break(loop, EVBREAK_ALL);
}

struct manager_blocking *manager_blocking_new(
    const struct manager_options *options, struct error **err)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (loop == NULL) {
        error_set(err, ERROR_INTERNAL, "making an event loop");
        return NULL;
    }
    struct rpc *rpc = rpc_new(loop, err);
    if (rpc == NULL) {
        ev_loop_destroy(loop);
        return NULL;
    }
    struct manager_blocking *blocking = xmalloc(sizeof(*blocking));
    *blocking = (struct manager_blocking){
        .loop = loop, .rpc = rpc, .manager = manager_new(loop, rpc, options)};
    ev_async_init(&blocking->interrupt, on_interrupt);
    blocking->interrupt.data = blocking;
    ev_async_start(loop, &blocking->interrupt);
    return blocking;
}

void manager_blocking_free(struct manager_blocking *blocking)
{
    if (blocking == NULL)
        return;
    ev_async_stop(blocking->loop, &blocking->interrupt);
    manager_free(blocking->manager);
    rpc_free(blocking->rpc);
    ev_loop_destroy(blocking->loop);
    error_free(blocking->error);
    free(blocking->output);
    free(blocking);
}

const struct manager *manager_blocking_manager(const struct manager_blocking *blocking)
{
    return blocking->manager;
}

static void on_done(void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct manager_blocking *blocking = user;
    blocking->error = take_error;
    blocking->output = output != NULL ? xmemdup(output, output_length) : NULL;
    blocking->output_length = output_length;
    ev_break(blocking->loop, EVBREAK_ALL);
}

/* Runs the loop until the started operation ends. */
static int wait(struct manager_blocking *blocking, struct error **err)
{
    if (blocking->interrupted)
        manager_cancel(blocking->manager);
    else
        ev_run(blocking->loop, 0);
    if (blocking->interrupted)
        error_set(&blocking->error, ERROR_CANCELED, "interrupted");
    if (blocking->error == NULL)
        return 0;
    return error_move(err, steal(&blocking->error));
}

int manager_blocking_collect(struct manager_blocking *blocking, struct error **err)
{
    manager_collect(blocking->manager, on_done, blocking);
    return wait(blocking, err);
}

int manager_blocking_shutdown(struct manager_blocking *blocking, struct error **err)
{
    manager_shutdown(blocking->manager, on_done, blocking);
    return wait(blocking, err);
}

int manager_blocking_chain(struct manager_blocking *blocking, enum hooks_point hook,
    struct bytes document, struct bytes vmi, char **output, size_t *output_length,
    struct error **err)
{
    manager_chain(blocking->manager, hook, document, vmi, on_done, blocking);
    int result = wait(blocking, err);
    *output = steal(&blocking->output);
    *output_length = blocking->output_length;
    return result;
}

void manager_blocking_interrupt(struct manager_blocking *blocking)
{
    ev_async_send(blocking->loop, &blocking->interrupt);
}
