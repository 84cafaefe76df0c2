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

/* Answer; this frees request and message. response is of the method's output type; one over
 * RPC_MAX_MESSAGE becomes a failure. A failure's message is text for people, cut to fit the headers
 * (6 KiB). If the peer or the server has gone, both only free the request. */
void rpc_request_reply(struct rpc_request *request, const ProtobufCMessage *response);
void rpc_request_fail(struct rpc_request *request, enum rpc_code code, const char *message);

/* Calls on_cancel once if the peer cancels, its deadline passes, it hangs up or the server stops
 * before the answer, even if that has already happened. The request must still be answered,
 * although nobody hears it; on_cancel may do so. */
void rpc_request_on_cancel(struct rpc_request *request, void (*on_cancel)(void *user), void *user);

/* Milliseconds until the peer's deadline, at least 0; INT64_MAX if it set none. */
int64_t rpc_request_time_left(const struct rpc_request *request);

#endif
