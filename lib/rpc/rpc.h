/* Unary gRPC over the C core on a libev loop: calls to a unix socket and services on one, with
 * protobuf-c messages in and out. Everything here belongs to the thread that runs the loop, and
 * every callback comes from the loop, never from inside the call that asked for it. */
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include <ev.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "rpc/status.h"

/* The gRPC core with its completion queue and the thread that waits on it. */
struct rpc;

/* For programs, before rpc_new: has the allocator give memory back after large messages. The core
 * reads these in slices of 64 KiB, which on the heaps of its threads would leave tens of megabytes
 * behind; mapped one by one they go when they are freed. It holds for the whole process. */
void rpc_tune_memory(void);

/* Starts the core. Its threads block all signals. The loop has something to wait for until
 * rpc_free: end ev_run with ev_break. Returns it, owned by the caller, or NULL with an io error. */
struct rpc *rpc_new(struct ev_loop *loop, struct error **err);

/* Ends the core and its threads; all channels and servers on it have been freed before. Not from
 * a callback of this room. NULL is allowed. */
void rpc_free(struct rpc *rpc);

#endif
