#include "manager/shutdown.h"

#include <stdlib.h>
#include <utstring.h>

#include "base/clock.h"
#include "base/unused.h"
#include "manager/hop.h"
#include "manager/order.h"

enum { TIMEOUT_MS = 5000 }; /* of one call */

/* The Shutdown calls, all running at once. */
struct shutdown {
    struct manager *manager;
    struct shutdown_call *calls;
    size_t count;
    size_t open; /* not yet answered */
    double began; /* clock_milliseconds */
};

struct shutdown_call {
    struct shutdown *shutdown;
    const struct manager_sidecar *sidecar;
    struct manager_hop *hop; /* NULL when it has ended */
    struct error *error;
};

static void shutdown_free(void *work)
{
    struct shutdown *shutdown = work;
    for (size_t i = 0; i < shutdown->count; i++) {
        manager_hop_cancel(shutdown->calls[i].hop);
        error_free(shutdown->calls[i].error);
    }
    free(shutdown->calls);
    free(shutdown);
}

/* Ends the operation with the messages of all failures and the class of the first. */
static void shutdown_end(struct shutdown *shutdown)
{
    struct manager *manager = shutdown->manager;
    const struct error *first = NULL;
    UT_string messages;
    utstring_init(&messages);
    for (size_t i = 0; i < shutdown->count; i++) {
        const struct error *error = shutdown->calls[i].error;
        if (error == NULL)
            continue;
        utstring_printf(&messages, "%s%s", first != NULL ? "; " : "", error->message);
        first = first != NULL ? first : error;
    }
    struct error *error = NULL;
    if (first != NULL)
        error_set(&error, first->class, "%s", utstring_body(&messages));
    utstring_done(&messages);
    shutdown_free(shutdown);
    manager_finish(manager, error, NULL, 0);
}

static void on_hop(
    void *user, UNUSED const ProtobufCMessage *response, struct error *take_error, bool gone)
{
    struct shutdown_call *call = user;
    struct shutdown *shutdown = call->shutdown;
    call->hop = NULL;
    if (gone) {
        error_free(take_error);
    } else if (take_error != NULL) {
        call->error = take_error;
        error_wrap(&call->error, "%s", hooks_point_name(HOOKS_SHUTDOWN));
        manager_sidecar_blame(call->sidecar, &call->error);
    }
    manager_emit(shutdown->manager, &(struct manager_event){.kind = MANAGER_EVENT_HOP_DONE,
                                        .sidecar = call->sidecar,
                                        .hook = HOOKS_SHUTDOWN,
                                        .call = shutdown->manager->calls[HOOKS_SHUTDOWN],
                                        .milliseconds = clock_milliseconds() - shutdown->began,
                                        .error = call->error});
    if (--shutdown->open == 0)
        shutdown_end(shutdown);
}

void manager_shutdown_start(struct manager *manager)
{
    size_t count = 0;
    auto_free const struct manager_sidecar **order = manager_order(manager, HOOKS_SHUTDOWN, &count);
    if (count == 0) {
        manager_finish(manager, NULL, NULL, 0);
        return;
    }
    struct shutdown *shutdown = xmalloc(sizeof(*shutdown));
    *shutdown = (struct shutdown){
        .manager = manager,
        .calls = xcalloc(count, sizeof(*shutdown->calls)),
        .count = count,
        .open = count,
        .began = clock_milliseconds(),
    };
    manager_work(manager, shutdown, shutdown_free);
    manager->calls[HOOKS_SHUTDOWN]++;
    for (size_t i = 0; i < count; i++) {
        struct shutdown_call *call = &shutdown->calls[i];
        *call = (struct shutdown_call){.shutdown = shutdown, .sidecar = order[i]};
        manager_emit(manager, &(struct manager_event){.kind = MANAGER_EVENT_HOP_START,
                                  .sidecar = call->sidecar,
                                  .hook = HOOKS_SHUTDOWN,
                                  .call = manager->calls[HOOKS_SHUTDOWN]});
        call->hop = manager_hop_start(manager, (size_t)(order[i] - manager->sidecars),
            HOOKS_SHUTDOWN, NULL, 0, TIMEOUT_MS, on_hop, call);
    }
}
