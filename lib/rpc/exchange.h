/* The inside of a request in a server: from its arrival until the core has no operation left for it
 * and its handler has answered, whichever is later. */
#ifndef RPC_EXCHANGE_H
#define RPC_EXCHANGE_H

#include <protobuf-c/protobuf-c.h>

#include "rpc/core.h"
#include "rpc/intake.h"
#include "rpc/status.h"

struct rpc_request;
struct rpc_server;

/* The server's callbacks for its requests. */
struct rpc_exchange_events {
    void (*arrived)(void *request, bool ok); /* the core has filled it in; not ok: none arrived */
    void (*received)(struct rpc_request *request); /* its message was read: answer it */
    void (*over)(struct rpc_server *server, struct rpc_request *request); /* the core is done */
};

struct rpc_request {
    struct rpc_request *prev;
    struct rpc_request *next;
    struct ev_loop *loop;
    struct rpc_server *server; /* NULL once the core is done with it */
    struct rpc_connection *connection; /* that it came on; NULL: none, or already closed */
    const struct rpc_exchange_events *events;

    const struct rpc_service *service;
    const ProtobufCMethodDescriptor *method;
    struct rpc_intake_share share; /* of the connection's memory */
    ProtobufCMessage *message;
    bool held; /* by its handler, which has yet to answer */
    bool cancelled; /* nobody waits for the answer */
    void (*on_cancel)(void *user);
    void *user;
    struct ev_async late; /* never started; fed to the loop if on_cancel is set too late */

    /* What the core fills in. */
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *received;
    grpc_byte_buffer *response;
    int was_cancelled;

    unsigned batches; /* pending in the core */
    struct rpc_tag arrived_tag;
    struct rpc_tag read_tag;
    struct rpc_tag sent_tag;
    struct rpc_tag closed_tag;
};

/* Creates a request to be filled in by grpc_server_request_call with its arrived_tag. events are
 * borrowed. */
struct rpc_request *rpc_exchange_new(
    struct ev_loop *loop, struct rpc_server *server, const struct rpc_exchange_events *events);

/* Frees a request that never arrived. */
void rpc_exchange_discard(struct rpc_request *request);

/* Receives a request that has arrived and whose method is set: its message is read as soon as its
 * connection has room for it (rpc/intake.h). */
void rpc_exchange_receive(struct rpc_request *request);

/* Refuses a request that has arrived. */
void rpc_exchange_refuse(struct rpc_request *request, enum rpc_code code, const char *message);

/* Answers a received request with a status and its response, if it has one. */
void rpc_exchange_answer(struct rpc_request *request, enum rpc_code code, const char *message);

#endif
