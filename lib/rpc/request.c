#include "rpc/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/message.h"

/* Starts operations whose completion is reported to tag. */
static void start_batch(
    struct rpc_request *request, const grpc_op *operations, size_t count, struct rpc_tag *tag)
{
    grpc_call_error error = grpc_call_start_batch(request->call, operations, count, tag, NULL);
    assert(error == GRPC_CALL_OK); /* nothing in it comes from outside */
    (void)error;
    request->batches++;
}

/* Nothing of the request is touched after it: it may be answered in there. */
static void tell_cancelled(struct rpc_request *request)
{
    void (*on_cancel)(void *user) = steal(&request->on_cancel);
    if (on_cancel != NULL)
        on_cancel(request->user);
}

static void on_late_cancel(struct ev_loop *loop, struct ev_async *watcher, int events)
{
    (void)loop;
    (void)events;
    tell_cancelled(watcher->data);
}

struct rpc_request *rpc_request_new(
    struct ev_loop *loop, struct rpc_server *server, void (*arrived)(void *request, bool ok))
{
    struct rpc_request *request = xmalloc(sizeof(*request));
    *request = (struct rpc_request){.loop = loop, .server = server};
    request->arrived_tag = (struct rpc_tag){arrived, request};
    ev_async_init(&request->late, on_late_cancel);
    request->late.data = request;
    grpc_call_details_init(&request->details);
    grpc_metadata_array_init(&request->metadata);
    return request;
}

/* Releases what the core lent. */
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

void rpc_request_discard(struct rpc_request *request)
{
    release_call(request);
    free(request);
}

/* Lets go of the core's side once it has nothing under way, and of the rest once the handler has
 * answered. A request whose peer has gone may stay with its handler for long; a server that stops
 * does not wait for that. */
static void settle(struct rpc_request *request)
{
    if (request->batches > 0)
        return;
    if (request->call != NULL) {
        release_call(request);
        struct rpc_server *server = steal(&request->server);
        rpc_server_forget(server, request);
    }
    if (!request->held) {
        release_message(request);
        ev_clear_pending(request->loop, &request->late);
        free(request);
    }
}

static void on_closed(void *owner, bool ok)
{
    (void)ok; /* always well */
    struct rpc_request *request = owner;
    request->batches--;
    request->cancelled = request->was_cancelled != 0;
    bool tell = request->cancelled && request->held;
    settle(request); /* does not free what is held */
    if (tell)
        tell_cancelled(request);
}

static void on_sent(void *owner, bool ok)
{
    (void)ok; /* a peer that has gone is seen in on_closed */
    struct rpc_request *request = owner;
    request->batches--;
    settle(request);
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
    auto_error struct error *error = NULL;
    request->message = rpc_message_unpack(request->received, request->method->input, &error);
    grpc_byte_buffer_destroy(steal(&request->received));
    if (request->message == NULL) {
        error_wrap(&error, "reading the request");
        send(request, RPC_INVALID_ARGUMENT, error->message);
        return;
    }
    request->held = true;
    const struct rpc_service *service = request->service;
    service->handler(request, request->method, request->message, service->user);
}

void rpc_request_start(struct rpc_request *request, const struct rpc_service *service,
    const ProtobufCMethodDescriptor *method)
{
    request->service = service;
    request->method = method;
    start_watching_close(request);
    const grpc_op operation = {
        .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &request->received};
    request->read_tag = (struct rpc_tag){on_read, request};
    start_batch(request, &operation, 1, &request->read_tag);
}

void rpc_request_refuse(struct rpc_request *request, enum rpc_code code, const char *message)
{
    start_watching_close(request);
    send(request, code, message);
}

/* The longest beginning of a text that fits into the headers of an answer, of which peers take
 * 8 KiB: there, what is not plain ASCII takes three bytes. Owned by the caller. */
static char *fit_into_headers(const char *text)
{
    enum { LIMIT = 6 << 10 };
    static const char more[] = "…";
    size_t encoded = 0;
    size_t whole = 0; /* characters up to here fit */
    for (size_t i = 0; text[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xc0) != 0x80) /* the first byte of a character */
            whole = i;
        encoded += byte >= 0x20 && byte <= 0x7e && byte != '%' ? 1 : 3;
        if (encoded > LIMIT)
            return xasprintf("%.*s%s", (int)whole, text, more);
    }
    return xstrdup(text);
}

/* What both answers end with: the handler has no part in the request any more. */
static void answer(struct rpc_request *request, enum rpc_code code, const char *text)
{
    release_message(request);
    request->held = false;
    if (request->cancelled)
        settle(request);
    else
        send(request, code, text);
}

void rpc_request_reply(struct rpc_request *request, const ProtobufCMessage *response)
{
    assert(response->descriptor == request->method->output);
    size_t size = protobuf_c_message_get_packed_size(response);
    if (size > RPC_MAX_MESSAGE) {
        auto_free char *text =
            xasprintf("the answer is %zu bytes, and the limit is %d", size, RPC_MAX_MESSAGE);
        answer(request, RPC_RESOURCE_EXHAUSTED, text);
        return;
    }
    if (!request->cancelled)
        request->response = rpc_message_pack(response);
    answer(request, RPC_OK, "");
}

void rpc_request_fail(struct rpc_request *request, enum rpc_code code, const char *message)
{
    auto_free char *text = fit_into_headers(message);
    answer(request, code, text);
}

void rpc_request_on_cancel(struct rpc_request *request, void (*on_cancel)(void *user), void *user)
{
    request->on_cancel = on_cancel;
    request->user = user;
    if (request->cancelled)
        ev_feed_event(request->loop, &request->late, EV_CUSTOM);
}

int64_t rpc_request_time_left(const struct rpc_request *request)
{
    gpr_timespec deadline = request->details.deadline;
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return INT64_MAX;
    gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    int64_t milliseconds = left.tv_sec * 1000 + left.tv_nsec / 1000000;
    return milliseconds > 0 ? milliseconds : 0;
}
