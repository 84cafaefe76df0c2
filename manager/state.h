/* Shared by the files of this room: a manager's state, and how its operations begin and end. */
#ifndef MANAGER_STATE_H
#define MANAGER_STATE_H

#include <ev.h>
#include <stddef.h>

#include "manager/discovery.h"
#include "manager/options.h"
#include "rpc/client.h"

/* How a collected sidecar is reached. */
struct manager_link {
    struct rpc_channel *channel; /* NULL after it was lost */
    char *directory; /* its container's; NULL when its socket has none */
    char *socket; /* path */
    struct manager *manager; /* the owner, once the channel is watched */
};

struct manager {
    struct ev_loop *loop;
    struct rpc *rpc;
    struct manager_options options; /* as given, with the defaults filled in */
    struct manager_sidecar *sidecars; /* in index order; name and socket are owned */
    struct manager_link *links; /* at the sidecars' positions */
    size_t count;
    size_t calls[HOOKS_POINTS]; /* of each hook point, so far */
    struct manager_discovery *discovery; /* of the last collection; NULL before the first */

    /* The running operation. */
    manager_done *done; /* NULL: none */
    void *user;
    void (*cancel)(void *work); /* frees work; NULL when the work is done */
    void *work;

    /* How it ended; reported from the loop. */
    ev_timer finish;
    struct error *error;
    char *output;
    size_t output_length;
};

/* Begins an operation; none may be running. */
void manager_begin(struct manager *manager, manager_done *done, void *user);

/* Sets what the operation works on, and the function that frees it on cancellation. */
void manager_work(struct manager *manager, void *work, void (*cancel)(void *work));

/* Ends the operation, whose work is already freed: done will be called from the loop. */
void manager_finish(
    struct manager *manager, struct error *take_error, char *take_output, size_t output_length);

/* Reports an event to the observer. */
void manager_emit(const struct manager *manager, const struct manager_event *event);

/* Reports a warning to the observer; sidecar may be NULL. */
void manager_warn(const struct manager *manager, const struct manager_sidecar *sidecar,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets timeout_seconds and failure_policy from the list's entry at the index, or the defaults. */
void manager_set_policy(const struct manager *manager, struct manager_sidecar *sidecar);

#endif
