#include "rpc/client.h"

#include <assert.h>
#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/grpc_posix.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/unix_socket.h"
#include "base/unused.h"
#include "rpc/connection.h"
#include "rpc/core.h"
#include "rpc/message.h"

struct rpc_channel {
    struct rpc *rpc;
    grpc_channel *channel;
    struct rpc_call *calls; /* in progress; linked by rpc_call.prev and .next */
    struct rpc_connection *connection;
    int fd; /* the connection; the core owns a duplicate */
    ev_io hangup; /* on an epoll descriptor that waits only for hang-up; fd -1: not watched */
    rpc_lost *lost;
    void *user;
};

struct rpc_call {
    struct rpc_call *prev;
    struct rpc_call *next;
    struct rpc_channel *channel; /* NULL once it is canceled or over */
    rpc_done *done;
    void *user;
    const ProtobufCMessageDescriptor *output;
    gpr_timespec deadline;

    /* The rest belongs to the core until tag completes. */
    struct rpc_tag tag;
    grpc_call *call;
    grpc_byte_buffer *request;
    grpc_byte_buffer *response;
    grpc_metadata_array initial_metadata;
    grpc_metadata_array trailing_metadata;
    grpc_status_code code;
    grpc_slice details;
};

/* Returns a connected socket, or -1. */
static int connect_to(const char *path, struct error **err)
{
    struct unix_socket_address address;
    if (unix_socket_address_init(&address, path, err) < 0)
        return error_wrap(err, "connecting to %s", path);
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int failed =
        fd < 0 || connect(fd, (const struct sockaddr *)&address.name, sizeof(address.name)) < 0;
    if (failed)
        error_set_errno(err, "connecting to %s", path);
    unix_socket_address_clear(&address);
    return failed ? -1 : steal_fd(&fd);
}

struct rpc_channel *rpc_channel_open(struct rpc *rpc, const char *path, struct error **err)
{
    auto_fd int fd = connect_to(path, err);
    auto_fd int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && copy < 0)
        error_set_errno(err, "connecting to %s", path);
    if (copy < 0)
        return NULL;
    struct rpc_connection *connection = rpc_connection_add(fd, NULL);
    sigset_t before = rpc_core_block_signals();
    grpc_channel *grpc = grpc_channel_create_from_fd(
        "localhost", fd, rpc->channel_credentials, rpc_core_channel_options());
    rpc_core_restore_signals(&before);
    steal_fd(&fd); /* now owned by the core */
    struct rpc_channel *channel = xmalloc(sizeof(*channel));
    *channel = (struct rpc_channel){
        .rpc = rpc, .channel = grpc, .connection = connection, .fd = steal_fd(&copy)};
    channel->hangup.fd = -1;
    return channel;
}

static void on_hangup(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct rpc_channel *channel = watcher->data;
    rpc_lost *lost = channel->lost;
    void *user = channel->user;
    rpc_channel_watch(channel, NULL, NULL);
    lost(user);
}

void rpc_channel_watch(struct rpc_channel *channel, rpc_lost *lost, void *user)
{
    channel->lost = lost;
    channel->user = user;
    if (channel->hangup.fd >= 0 && lost == NULL) {
        ev_io_stop(channel->rpc->loop, &channel->hangup);
        close(channel->hangup.fd);
        channel->hangup.fd = -1;
    } else if (channel->hangup.fd < 0 && lost != NULL) {
        int epoll = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event hangup = {.events = EPOLLRDHUP};
        epoll_ctl(epoll, EPOLL_CTL_ADD, channel->fd, &hangup);
        ev_io_init(&channel->hangup, on_hangup, epoll, EV_READ);
        channel->hangup.data = channel;
        ev_io_start(channel->rpc->loop, &channel->hangup);
    }
}

void rpc_channel_free(struct rpc_channel *channel)
{
    if (channel == NULL)
        return;
    while (channel->calls != NULL)
        rpc_call_cancel(channel->calls);
    rpc_channel_watch(channel, NULL, NULL);
    grpc_channel_destroy(channel->channel);
    rpc_connection_release(channel->connection);
    close(channel->fd);
    free(channel);
}

static void call_free(struct rpc_call *call)
{
    grpc_byte_buffer_destroy(call->request);
    grpc_byte_buffer_destroy(call->response);
    grpc_metadata_array_destroy(&call->initial_metadata);
    grpc_metadata_array_destroy(&call->trailing_metadata);
    grpc_slice_unref(call->details);
    grpc_call_unref(call->call);
    free(call);
}

/* Removes a call from its channel's list: from now on it only waits for its completion. */
static void detach(struct rpc_call *call)
{
    DL_DELETE(call->channel->calls, call);
    call->channel = NULL;
}

/* Reports the result to the caller; fault is why its connection was ended, or NULL. */
static void report(struct rpc_call *call, const char *fault)
{
    auto_error struct error *error = NULL;
    auto_free char *details = xstrndup(
        (const char *)GRPC_SLICE_START_PTR(call->details), GRPC_SLICE_LENGTH(call->details));
    struct rpc_result result = {.code = call->code, .message = details};
    if (call->code == GRPC_STATUS_UNAVAILABLE && fault != NULL)
        result.message = fault;
    result.timed_out = call->code == GRPC_STATUS_DEADLINE_EXCEEDED &&
                       gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), call->deadline) >= 0;
    ProtobufCMessage *response = NULL;
    if (call->code == GRPC_STATUS_OK) {
        response = rpc_message_unpack(call->response, call->output, &error);
        result.response = response;
        if (response == NULL) {
            error_wrap(&error, "reading the answer");
            result.code = RPC_INTERNAL;
            result.message = error->message;
        }
    }
    call->done(call->user, &result);
    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
}

/* Receiving a status never fails; the status holds the result. */
static void on_complete(void *owner, UNUSED bool ok)
{
    struct rpc_call *call = owner;
    if (call->channel != NULL) {
        const char *fault = rpc_connection_fault(call->channel->connection);
        detach(call);
        report(call, fault);
    }
    call_free(call);
}

static gpr_timespec deadline_in(int64_t milliseconds)
{
    static const int64_t longest_ms = 30LL * 24 * 3600 * 1000; /* beyond it, no deadline */
    if (milliseconds > longest_ms)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
        gpr_time_from_millis(milliseconds > 0 ? milliseconds : 0, GPR_TIMESPAN));
}

static void start_batch(struct rpc_call *call)
{
    const grpc_op operations[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = call->request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
            .data.recv_initial_metadata.recv_initial_metadata = &call->initial_metadata},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->response},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
            .data.recv_status_on_client = {.trailing_metadata = &call->trailing_metadata,
                .status = &call->code,
                .status_details = &call->details}},
    };
    grpc_call_error error =
        grpc_call_start_batch(call->call, operations, ARRAY_SIZE(operations), &call->tag, NULL);
    assert(error == GRPC_CALL_OK); /* no outside data in it */
    (void)error;
}

struct rpc_call *rpc_call_start(struct rpc_channel *channel,
    const ProtobufCServiceDescriptor *service, const char *method, const ProtobufCMessage *request,
    int64_t timeout_ms, rpc_done *done, void *user)
{
    const ProtobufCMethodDescriptor *descriptor =
        protobuf_c_service_descriptor_get_method_by_name(service, method);
    assert(descriptor != NULL && descriptor->input == request->descriptor);

    struct rpc_call *call = xmalloc(sizeof(*call));
    *call = (struct rpc_call){.channel = channel,
        .done = done,
        .user = user,
        .output = descriptor->output,
        .deadline = deadline_in(timeout_ms),
        .tag = {on_complete, call},
        .request = rpc_message_pack(request),
        .details = grpc_empty_slice()};
    grpc_metadata_array_init(&call->initial_metadata);
    grpc_metadata_array_init(&call->trailing_metadata);

    auto_free char *path = xasprintf("/%s/%s", service->name, method);
    grpc_slice path_slice = grpc_slice_from_copied_string(path);
    call->call = grpc_channel_create_call(channel->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
        channel->rpc->queue, path_slice, NULL, call->deadline, NULL);
    grpc_slice_unref(path_slice);
    DL_APPEND(channel->calls, call);
    start_batch(call);
    return call;
}

void rpc_call_cancel(struct rpc_call *call)
{
    if (call->channel == NULL) /* from inside its own done */
        return;
    detach(call);
    grpc_call_cancel(call->call, NULL);
}
