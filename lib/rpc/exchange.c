#include "rpc/exchange.h"

#include <assert.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/unused.h"
#include "rpc/connection.h"
#include "rpc/message.h"

/* Starts operations whose completion is reported to tag. */
static void start_batch(
    struct rpc_request *request, const grpc_op *operations, size_t count, struct rpc_tag *tag)
{
    grpc_call_error error = grpc_call_start_batch(request->call, operations, count, tag, NULL);
    assert(error == GRPC_CALL_OK); /* no outside data in it */
    (void)error;
    request->batches++;
}

/* Do not touch the request afterwards: on_cancel may answer it. */
static void tell_cancelled(struct rpc_request *request)
{
    void (*on_cancel)(void *user) = steal(&request->on_cancel);
    if (on_cancel != NULL)
        on_cancel(request->user);
}

static void on_late_cancel(UNUSED struct ev_loop *loop, struct ev_async *watcher, UNUSED int events)
{
    tell_cancelled(watcher->data);
}

struct rpc_request *rpc_exchange_new(
    struct ev_loop *loop, struct rpc_server *server, const struct rpc_exchange_events *events)
{
    struct rpc_request *request = xmalloc(sizeof(*request));
    *request = (struct rpc_request){.loop = loop, .server = server, .events = events};
    request->arrived_tag = (struct rpc_tag){events->arrived, request};
    ev_async_init(&request->late, on_late_cancel);
    request->late.data = request;
    grpc_call_details_init(&request->details);
    grpc_metadata_array_init(&request->metadata);
    return request;
}

/* Releases what belongs to the core. */
static void release_call(struct rpc_request *request)
{
    grpc_byte_buffer_destroy(request->received);
    grpc_byte_buffer_destroy(request->response);
    grpc_metadata_array_destroy(&request->metadata);
    grpc_call_details_destroy(&request->details);
    if (request->call != NULL)
        grpc_call_unref(request->call);
    request->call = NULL;
}

static void release_message(struct rpc_request *request)
{
    if (request->message != NULL)
        protobuf_c_message_free_unpacked(steal(&request->message), NULL);
}

void rpc_exchange_discard(struct rpc_request *request)
{
    release_call(request);
    free(request);
}

/* Releases the core's side once it has no operation left, and the rest once the handler has
 * answered. A handler may hold a request long after its peer has gone; a stopping server does not
 * wait for that. */
static void settle(struct rpc_request *request)
{
    if (request->batches > 0)
        return;
    if (request->call != NULL) {
        release_call(request);
        struct rpc_server *server = steal(&request->server);
        request->events->over(server, request);
    }
    if (!request->held) {
        release_message(request);
        if (request->connection != NULL)
            rpc_intake_leave(rpc_connection_intake(request->connection), &request->share);
        rpc_connection_release(request->connection);
        ev_clear_pending(request->loop, &request->late);
        free(request);
    }
}

static void on_closed(void *owner, UNUSED bool ok)
{
    struct rpc_request *request = owner;
    request->batches--;
    request->cancelled = request->was_cancelled != 0;
    bool tell = request->cancelled && request->held;
    settle(request); /* does not free a held request */
    if (tell)
        tell_cancelled(request);
}

/* on_closed handles a peer that has gone. */
static void on_sent(void *owner, UNUSED bool ok)
{
    struct rpc_request *request = owner;
    request->batches--;
    settle(request);
}

/* Tells the connection how much of its memory the request takes now. */
static void take_up(struct rpc_request *request, const grpc_byte_buffer *buffer)
{
    size_t length = buffer != NULL ? grpc_byte_buffer_length((grpc_byte_buffer *)buffer) : 0;
    if (request->connection != NULL)
        rpc_intake_resize(rpc_connection_intake(request->connection), &request->share, length);
}

/* Starts the answer: a message, or a status with its text. */
static void send(struct rpc_request *request, enum rpc_code code, const char *text)
{
    grpc_slice details = grpc_slice_from_copied_string(text);
    const grpc_op operations[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
            .data.send_status_from_server = {.status = (grpc_status_code)code,
                .status_details = &details}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request->response},
    };
    size_t count = request->response != NULL ? 3 : 2;
    request->sent_tag = (struct rpc_tag){on_sent, request};
    start_batch(request, operations, count, &request->sent_tag);
    grpc_slice_unref(details);
}

static void start_watching_close(struct rpc_request *request)
{
    const grpc_op operation = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
        .data.recv_close_on_server.cancelled = &request->was_cancelled};
    request->closed_tag = (struct rpc_tag){on_closed, request};
    start_batch(request, &operation, 1, &request->closed_tag);
}

/* The core calls the peer of a descriptor "fd:N". Returns NULL if it is closed; what is left of its
 * requests is already in memory. */
static struct rpc_connection *find_connection(const struct rpc_request *request)
{
    char *peer = grpc_call_get_peer(request->call);
    const char *number = strncmp(peer, "fd:", strlen("fd:")) == 0 ? peer + strlen("fd:") : "-1";
    struct rpc_connection *connection = rpc_connection_find((int)strtol(number, NULL, 10));
    gpr_free(peer);
    return connection;
}

static void on_read(void *owner, bool ok)
{
    struct rpc_request *request = owner;
    request->batches--;
    if (request->cancelled) {
        settle(request);
        return;
    }
    if (!ok) { /* the core has refused it, or the peer has gone */
        send(request, RPC_RESOURCE_EXHAUSTED, "the request is too large");
        return;
    }
    take_up(request, request->received);
    auto_error struct error *error = NULL;
    request->message = rpc_message_unpack(request->received, request->method->input, &error);
    grpc_byte_buffer_destroy(steal(&request->received));
    if (request->message == NULL) {
        error_wrap(&error, "reading the request");
        send(request, RPC_INVALID_ARGUMENT, error->message);
        return;
    }
    request->held = true;
    request->events->received(request);
}

static void start_reading(void *owner)
{
    struct rpc_request *request = owner;
    const grpc_op operation = {
        .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &request->received};
    request->read_tag = (struct rpc_tag){on_read, request};
    start_batch(request, &operation, 1, &request->read_tag);
}

void rpc_exchange_receive(struct rpc_request *request)
{
    start_watching_close(request);
    request->connection = find_connection(request);
    request->share.enter = start_reading;
    request->share.request = request;
    if (request->connection != NULL)
        rpc_intake_wait(rpc_connection_intake(request->connection), &request->share);
    else
        start_reading(request);
}

void rpc_exchange_refuse(struct rpc_request *request, enum rpc_code code, const char *message)
{
    start_watching_close(request);
    send(request, code, message);
}

void rpc_exchange_answer(struct rpc_request *request, enum rpc_code code, const char *message)
{
    release_message(request);
    request->held = false;
    if (request->cancelled) {
        settle(request);
        return;
    }
    take_up(request, request->response);
    send(request, code, message);
}
