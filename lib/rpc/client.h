/* One connection to a gRPC server on a unix socket, and unary calls over it. */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include <stdbool.h>

#include "rpc/rpc.h"

struct rpc_channel; /* one connection; it does not reconnect: after UNAVAILABLE, open another */
struct rpc_call; /* one call under way */

/* Connects to the socket at path with a plain connect(2), which never blocks on a unix socket.
 * Returns the channel, owned by the caller, or NULL with an io error whose errnum says whether the
 * socket is missing (ENOENT), does not listen (yet) (ECONNREFUSED) or is busy (EAGAIN). Paths
 * longer than sun_path (107 bytes) work, through /proc/self/fd. */
struct rpc_channel *rpc_channel_open(struct rpc *rpc, const char *path, struct error **err);

/* Cancels all calls without calling their done, and closes the connection. May be called from such
 * a callback. NULL is allowed. */
void rpc_channel_free(struct rpc_channel *channel);

/* Calls lost once, from the loop, when the peer closes the connection or is gone. A call notices
 * that itself; this is for the time between calls. lost NULL: stop watching. lost may free the
 * channel. */
typedef void rpc_lost(void *user);
void rpc_channel_watch(struct rpc_channel *channel, rpc_lost *lost, void *user);

/* The result of a call; valid during the callback. */
struct rpc_result {
    int code; /* RPC_OK or another gRPC status */
    bool timed_out; /* RPC_DEADLINE_EXCEEDED by our own deadline, not reported by the peer */
    const char *message; /* from the peer, any bytes, or from us; never NULL */
    const ProtobufCMessage *response; /* NULL unless code is RPC_OK */
};

typedef void rpc_done(void *user, const struct rpc_result *result);

/* Calls method (a name in service, for example "Info") with a request of its input type. timeout_ms
 * counts from now; past it the result is RPC_DEADLINE_EXCEEDED. A request or response over
 * RPC_MAX_MESSAGE is RPC_RESOURCE_EXHAUSTED, a response that does not unpack RPC_INTERNAL, a peer
 * that is gone or does not speak gRPC mostly RPC_UNAVAILABLE. done is called once unless the call
 * is cancelled; it may start, cancel and free anything. Returns the call, which is freed when done
 * has returned. */
struct rpc_call *rpc_call_start(struct rpc_channel *channel,
    const ProtobufCServiceDescriptor *service, const char *method, const ProtobufCMessage *request,
    int64_t timeout_ms, rpc_done *done, void *user);

/* Cancels the call: done is not called, and the peer sees a cancelled call. */
void rpc_call_cancel(struct rpc_call *call);

#endif
