/* A gRPC server on a unix socket: binds the socket itself, hands each request to a handler, and
 * stops within a bounded time. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "rpc/rpc.h"

/* Binds and listens on path with the given mode, close-on-exec and non-blocking. A stale socket
 * (nobody accepts on it) is replaced; a living one, or anything that is no socket, is an error
 * and left alone; a symbolic link is never followed. Cheap: it may come before rpc_new, so that
 * peers can connect early. Returns the descriptor, owned by the caller, or -1 with an io error. */
int rpc_listen(const char *path, mode_t mode, struct error **err);

/* Removes what is at path if it is a stale socket; nothing there is fine. Returns 0, or -1 with an
 * io error and what is there left alone. */
int rpc_remove_stale(const char *path, struct error **err);

struct rpc_server;
struct rpc_request; /* a request that waits for its answer */

/* Answers with rpc_request_reply or rpc_request_fail, now or later. message is of the method's
 * input type and valid until the answer. */
typedef void rpc_handler(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *message, void *user);

struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    rpc_handler *handler;
    void *user;
};

/* Serves count services (copied) on listen_fd, which is taken, also on failure. A method nobody
 * knows is answered UNIMPLEMENTED, a request that does not unpack INVALID_ARGUMENT, one over
 * RPC_MAX_MESSAGE RESOURCE_EXHAUSTED. Returns the server, owned by the caller, or NULL with an
 * internal error. */
struct rpc_server *rpc_server_new(struct rpc *rpc, int listen_fd,
    const struct rpc_service *services, size_t count, struct error **err);

/* Answer; request and message are gone afterwards. response is of the method's output type; one
 * over RPC_MAX_MESSAGE becomes a failure. A failure's message is text for the peer to read, cut to
 * what its headers hold (6 KiB). Both do nothing but release the request when the peer has gone or
 * the server has. */
void rpc_request_reply(struct rpc_request *request, const ProtobufCMessage *response);
void rpc_request_fail(struct rpc_request *request, enum rpc_code code, const char *message);

/* Calls on_cancel once if the peer cancels, its deadline passes, it hangs up or the server stops
 * before the answer; also when that has happened already. The request still wants its (unheard)
 * answer, which may come in on_cancel. */
void rpc_request_on_cancel(struct rpc_request *request, void (*on_cancel)(void *user), void *user);

/* Milliseconds until the peer's deadline, at least 0; INT64_MAX when it set none. */
int64_t rpc_request_time_left(const struct rpc_request *request);

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
