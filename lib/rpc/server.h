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
 * that peers can connect early); takes ownership of listen_fd, even on failure. Answers an unknown
 * method with UNIMPLEMENTED, a request that does not unpack with INVALID_ARGUMENT, one over
 * RPC_MAX_MESSAGE with RESOURCE_EXHAUSTED. Returns the server, owned by the caller, or NULL with an
 * internal error. */
struct rpc_server *rpc_server_new(struct rpc *rpc, int listen_fd,
    const struct rpc_service *services, size_t count, struct error **err);

/* Stops accepting connections, refuses new requests with UNAVAILABLE, waits up to grace_ms for
 * those in progress, then cancels them; done is called from the loop when all are over. Connections
 * without a request have a second (or grace_ms, if less) to read their answers and close. Does not
 * wait for handlers that have yet to answer a cancelled request. Call it once, possibly from a
 * handler. The caller removes the socket file. */
void rpc_server_stop(
    struct rpc_server *server, int64_t grace_ms, void (*done)(void *user), void *user);

/* Frees a server; may be called from its done and from handlers. A server that has not stopped is
 * stopped at once, without calling done; meanwhile callbacks of this room are called from inside
 * this function. NULL is allowed. */
void rpc_server_free(struct rpc_server *server);

#endif
