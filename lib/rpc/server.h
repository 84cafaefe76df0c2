/* A gRPC server on a unix socket: hands each request to a handler, and stops within a bounded
 * time. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/request.h"
#include "rpc/rpc.h"

struct rpc_server;

struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    rpc_handler *handler;
    void *user;
};

/* Serves count services (copied) on listen_fd (base/unix_socket.h: it may listen before rpc_new, so
 * that peers can connect early), which is taken, also on failure. A method nobody knows is answered
 * UNIMPLEMENTED, a request that does not unpack INVALID_ARGUMENT, one over RPC_MAX_MESSAGE
 * RESOURCE_EXHAUSTED. Returns the server, owned by the caller, or NULL with an internal error. */
struct rpc_server *rpc_server_new(struct rpc *rpc, int listen_fd,
    const struct rpc_service *services, size_t count, struct error **err);

/* Stops taking connections, refuses new requests as UNAVAILABLE, waits up to grace_ms for those under
 * way, then cancels them; done is called from the loop when all is over. Connections that have no
 * request have a second (or grace_ms, if that is less) to read what was answered and go. It does
 * not wait for handlers that owe an answer to a cancelled request. Call it once; handlers may. The
 * socket file is the caller's to remove. */
void rpc_server_stop(
    struct rpc_server *server, int64_t grace_ms, void (*done)(void *user), void *user);

/* Frees a server, also in its done and in handlers. One that has not stopped is stopped at once,
 * without its done; meanwhile callbacks of this room come from inside here. NULL is allowed. */
void rpc_server_free(struct rpc_server *server);

#endif
