/* One request on its way through a server: from the moment the core hands it out until the core has
 * no operation of it left and its handler has answered it, whichever is later. */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include "rpc/core.h"
#include "rpc/server.h"

struct rpc_request {
    struct rpc_request *prev;
    struct rpc_request *next;
    struct ev_loop *loop;
    struct rpc_server *server; /* NULL once the core is done with it */

    const struct rpc_service *service;
    const ProtobufCMethodDescriptor *method;
    ProtobufCMessage *message;
    bool held; /* by its handler, which owes an answer */
    bool cancelled; /* there is nobody left to hear the answer */
    void (*on_cancel)(void *user);
    void *user;
    struct ev_async late; /* never started; fed to the loop when on_cancel is set too late */

    /* What the core fills in. */
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *received;
    grpc_byte_buffer *response;
    int was_cancelled;

    unsigned batches; /* under way in the core */
    struct rpc_tag arrived_tag;
    struct rpc_tag read_tag;
    struct rpc_tag sent_tag;
    struct rpc_tag closed_tag;
};

/* Makes a request to be filled in by grpc_server_request_call with its arrived_tag, which calls
 * arrived with it. */
struct rpc_request *rpc_request_new(
    struct ev_loop *loop, struct rpc_server *server, void (*arrived)(void *request, bool ok));

/* Frees a request that never arrived. */
void rpc_request_discard(struct rpc_request *request);

/* Reads the message of a request that has arrived and hands it to the service's handler. */
void rpc_request_start(struct rpc_request *request, const struct rpc_service *service,
    const ProtobufCMethodDescriptor *method);

/* Refuses a request that has arrived. */
void rpc_request_refuse(struct rpc_request *request, enum rpc_code code, const char *message);

/* In server.c: the core is done with a request. */
void rpc_server_forget(struct rpc_server *server, struct rpc_request *request);

#endif
