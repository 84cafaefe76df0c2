/* What the files of this room share: a manager's state, and how its operations begin and end. */
#ifndef MANAGER_STATE_H
#define MANAGER_STATE_H

#include <ev.h>
#include <stddef.h>

#include "manager/discovery.h"
#include "manager/options.h"
#include "rpc/client.h"

/* How a collected sidecar is reached. */
struct manager_link {
    struct rpc_channel *channel; /* NULL when it was lost */
    char *directory; /* its container's; NULL when its socket stands alone */
    char *socket; /* path */
    struct manager *manager; /* the one it belongs to, once it is watched */
};

struct manager {
    struct ev_loop *loop;
    struct rpc *rpc;
    struct manager_options options; /* as given, with the defaults filled in */
    struct manager_sidecar *sidecars; /* in index order; their name and socket are owned */
    struct manager_link *links; /* of the sidecars, by the same position */
    size_t count;
    size_t calls; /* chain calls so far */
    struct manager_discovery *discovery; /* of the last collection; NULL before */

    /* The operation under way. */
    manager_done *done; /* NULL: none */
    void *user;
    void (*cancel)(void *work); /* frees work; NULL when the work is over */
    void *work;

    /* How it ended; told from the loop. */
    ev_timer finish;
    struct error *error;
    char *output;
    size_t output_length;
};

/* Begins an operation; none is under way. */
void manager_begin(struct manager *manager, manager_done *done, void *user);

/* What the operation works on, and what frees it when it is called off. */
void manager_work(struct manager *manager, void *work, void (*cancel)(void *work));

/* The operation is over: done will be called from the loop. The work is freed already. */
void manager_finish(
    struct manager *manager, struct error *take_error, char *take_output, size_t output_length);

/* Tells the observer. */
void manager_emit(const struct manager *manager, const struct manager_event *event);

/* Tells the observer of a warning; sidecar may be NULL. */
void manager_warn(const struct manager *manager, const struct manager_sidecar *sidecar,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets timeout_seconds and failure_policy as the list has them for the index. */
void manager_set_policy(const struct manager *manager, struct manager_sidecar *sidecar);

#endif
