/* A request that waits for its answer, as its handler sees it. */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "rpc/status.h"

struct rpc_request; /* a request that waits for its answer */

/* Answers with rpc_request_reply or rpc_request_fail, now or later. message is of the method's
 * input type and valid until the answer. */
typedef void rpc_handler(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *message, void *user);

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

#endif
