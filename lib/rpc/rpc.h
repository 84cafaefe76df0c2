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

/* The largest message either way. KubeVirt's peers send and take up to 4 MiB; ours more. */
enum { RPC_MAX_MESSAGE = 16 << 20 };

/* gRPC status codes, numbered as on the wire.
 * Source: https://grpc.io/docs/guides/status-codes/ */
enum rpc_code {
    RPC_OK = 0,
    RPC_CANCELLED = 1,
    RPC_UNKNOWN = 2,
    RPC_INVALID_ARGUMENT = 3,
    RPC_DEADLINE_EXCEEDED = 4,
    RPC_NOT_FOUND = 5,
    RPC_RESOURCE_EXHAUSTED = 8,
    RPC_FAILED_PRECONDITION = 9,
    RPC_UNIMPLEMENTED = 12,
    RPC_INTERNAL = 13,
    RPC_UNAVAILABLE = 14,
};

/* "UNAVAILABLE" and so on, for every code that gRPC knows; else "code N", in a static buffer. */
const char *rpc_code_name(int code);

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
