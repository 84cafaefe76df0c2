/* The inside of a server: how much memory the requests of one connection may take.
 *
 * Until a request is read, the core holds at most a window of it (64 KiB). Reading one may take
 * RPC_MAX_MESSAGE, so each reserves that much until its size is known; a request that finds no room
 * waits until others of the same connection are over. Other connections do not wait for it. */
#ifndef RPC_INTAKE_H
#define RPC_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "rpc/status.h"

/* Bytes of the requests of one connection, and of answers that its peer has not taken. */
enum { RPC_INTAKE_BYTES = 2 * RPC_MAX_MESSAGE };

/* What a request takes of its connection's memory. */
struct rpc_intake_share {
    struct rpc_intake_share *prev; /* in rpc_intake.waiting */
    struct rpc_intake_share *next;
    void (*enter)(void *request); /* there is room to read it */
    void *request;
    bool waiting;
    size_t bytes; /* in use or reserved */
};

/* Of one connection. All zero at first; belongs to the loop's thread. */
struct rpc_intake {
    size_t bytes; /* of all shares */
    struct rpc_intake_share *waiting; /* by arrival */
};

/* Waits for room; share->enter is called when there is, possibly at once. share is borrowed until
 * rpc_intake_leave. */
void rpc_intake_wait(struct rpc_intake *intake, struct rpc_intake_share *share);

/* Sets what a request takes from now on: the size of its message, and later of its answer. */
void rpc_intake_resize(struct rpc_intake *intake, struct rpc_intake_share *share, size_t bytes);

/* Ends what a request takes, or waits for. */
void rpc_intake_leave(struct rpc_intake *intake, struct rpc_intake_share *share);

#endif
