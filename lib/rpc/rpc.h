/* Unary gRPC with the C core on a libev loop: calls to a unix socket and services on one, with
 * protobuf-c messages in and out. Everything here belongs to the thread that runs the loop; every
 * callback is called from the loop, never from inside the function that asked for it. */
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

/* For programs, before rpc_new: makes the allocator return memory after large messages. The core
 * reads these in slices of 64 KiB, which would leave tens of megabytes on the heaps of its threads;
 * slices that are mapped one by one are unmapped when freed. Affects the whole process. */
void rpc_tune_memory(void);

/* Starts the core. Its threads block all signals. ev_run does not return by itself until rpc_free:
 * end it with ev_break. Returns the core, owned by the caller, or NULL with an io error. */
struct rpc *rpc_new(struct ev_loop *loop, struct error **err);

/* Stops the core and its threads; free all channels and servers on it first. Must not be called
 * from a callback of this room. NULL is allowed. */
void rpc_free(struct rpc *rpc);

#endif
