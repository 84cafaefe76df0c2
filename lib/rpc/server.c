#include "rpc/server.h"

#include <errno.h>
#include <grpc/grpc_posix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/text.h"
#include "base/unused.h"
#include "rpc/connection.h"
#include "rpc/core.h"
#include "rpc/exchange.h"

struct rpc_server {
    struct rpc *rpc;
    struct rpc_service *services;
    size_t count;
    grpc_server *server;

    int listen_fd; /* or -1 */
    struct ev_io acceptable;
    struct ev_timer retry; /* accepts again: descriptors ran out, or too much is open */
    struct rpc_connections connections;

    struct rpc_request *expected; /* to be filled in by the next arrival; or NULL */
    struct rpc_request *requests; /* in progress; linked by rpc_request.prev and .next */

    bool stopping;
    int64_t grace_ms;
    struct ev_timer limit; /* for the requests in progress, and then for the connections */
    bool shut; /* connections are told to close, and the core accepts no requests */
    struct rpc_tag ended_tag;
    bool ended; /* the core has no connection left */
    bool finished; /* and no completion is pending */
    struct ev_async report; /* never started; fed to the loop to call done */
    void (*done)(void *user);
    void *user;
};

/* How long connections without a request may take to close, in milliseconds. */
enum { LINGER_MS = 1000 };

static void expect_request(struct rpc_server *server);

/* Finds the service and method that a path such as "/kubevirt.hooks.info.Info/Info" names. */
static const struct rpc_service *find_method(
    const struct rpc_server *server, const char *path, const ProtobufCMethodDescriptor **method)
{
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || slash == path)
        return NULL;
    auto_free char *name = xstrndup(path + 1, (size_t)(slash - path) - 1);
    for (size_t i = 0; i < server->count; i++) {
        const struct rpc_service *service = &server->services[i];
        if (!streq(service->descriptor->name, name))
            continue;
        *method = protobuf_c_service_descriptor_get_method_by_name(service->descriptor, slash + 1);
        return *method != NULL ? service : NULL;
    }
    return NULL;
}

static void dispatch(struct rpc_server *server, struct rpc_request *request)
{
    auto_free char *path = xstrndup((const char *)GRPC_SLICE_START_PTR(request->details.method),
        GRPC_SLICE_LENGTH(request->details.method));
    const ProtobufCMethodDescriptor *method = NULL;
    const struct rpc_service *service = find_method(server, path, &method);
    request->service = service;
    request->method = method;
    if (service != NULL)
        rpc_exchange_receive(request);
    else
        rpc_exchange_refuse(request, RPC_UNIMPLEMENTED, "this server has no such method");
}

static void on_report(UNUSED struct ev_loop *loop, struct ev_async *watcher, UNUSED int events)
{
    struct rpc_server *server = watcher->data;
    if (server->done != NULL)
        server->done(server->user); /* may free it */
}

/* The server has finished when everything in progress is over. The core reports its own end and
 * those of the requests in any order. */
static void finish_when_over(struct rpc_server *server)
{
    if (!server->ended || server->expected != NULL || server->requests != NULL)
        return;
    ev_timer_stop(server->rpc->loop, &server->limit);
    grpc_server_destroy(server->server);
    server->finished = true;
    ev_feed_event(server->rpc->loop, &server->report, EV_CUSTOM);
}

static void on_arrived(void *owner, bool ok)
{
    struct rpc_request *request = owner;
    struct rpc_server *server = request->server;
    server->expected = NULL;
    if (!ok) { /* none arrived: the server stops */
        rpc_exchange_discard(request);
        finish_when_over(server);
        return;
    }
    DL_APPEND(server->requests, request);
    rpc_connections_pay(&server->connections);
    if (!server->shut)
        expect_request(server);
    if (server->stopping)
        rpc_exchange_refuse(request, RPC_UNAVAILABLE, "the server is shutting down");
    else
        dispatch(server, request);
}

static void on_received(struct rpc_request *request)
{
    const struct rpc_service *service = request->service;
    service->handler(request, request->method, request->message, service->user);
}

static void set_limit(struct rpc_server *server, int64_t milliseconds)
{
    struct ev_loop *loop = server->rpc->loop;
    ev_now_update(loop);
    ev_timer_stop(loop, &server->limit);
    ev_timer_set(&server->limit, (double)milliseconds / 1000., 0.);
    ev_timer_start(loop, &server->limit);
}

/* Tells the peers to close, with GOAWAY. A peer that acknowledges it has also read its answers;
 * closing a connection earlier could lose an answer, if the peer writes before it reads. */
static void shut_down(struct rpc_server *server)
{
    if (server->shut)
        return;
    server->shut = true;
    grpc_server_shutdown_and_notify(server->server, server->rpc->queue, &server->ended_tag);
    set_limit(server, server->grace_ms < LINGER_MS ? server->grace_ms : LINGER_MS);
}

/* Ends the remaining requests and connections. */
static void cut_off(struct rpc_server *server)
{
    shut_down(server);
    grpc_server_cancel_all_calls(server->server);
}

static void on_over(struct rpc_server *server, struct rpc_request *request)
{
    DL_DELETE(server->requests, request);
    if (server->ended)
        finish_when_over(server);
    else if (server->stopping && server->requests == NULL)
        shut_down(server);
}

static void expect_request(struct rpc_server *server)
{
    static const struct rpc_exchange_events events = {on_arrived, on_received, on_over};
    grpc_completion_queue *queue = server->rpc->queue;
    struct rpc_request *request = rpc_exchange_new(server->rpc->loop, server, &events);
    server->expected = request;
    grpc_server_request_call(server->server, &request->call, &request->details, &request->metadata,
        queue, queue, &request->arrived_tag);
}

static void add_connection(struct rpc_server *server, int fd)
{
    rpc_connections_make_room(&server->connections);
    rpc_connection_release(rpc_connection_add(fd, &server->connections));
    grpc_server_add_channel_from_fd(server->server, fd, server->rpc->server_credentials);
}

/* Accepts connections until there are none, or none can be taken. Returns whether there were none
 * left. */
static bool accept_all(struct rpc_server *server)
{
    while (rpc_connections_may_grow(&server->connections)) {
        int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            add_connection(server, fd);
        else if (errno == EAGAIN)
            return true;
        else if (errno != EINTR && errno != ECONNABORTED)
            return false; /* out of descriptors or memory */
    }
    return false;
}

static void on_acceptable(struct ev_loop *loop, struct ev_io *watcher, UNUSED int events)
{
    struct rpc_server *server = watcher->data;
    if (accept_all(server))
        return;
    ev_io_stop(loop, watcher);
    ev_timer_again(loop, &server->retry);
}

static void on_retry(struct ev_loop *loop, struct ev_timer *watcher, UNUSED int events)
{
    struct rpc_server *server = watcher->data;
    ev_timer_stop(loop, watcher);
    ev_io_start(loop, &server->acceptable);
}

static void on_limit(UNUSED struct ev_loop *loop, struct ev_timer *watcher, UNUSED int events)
{
    cut_off(watcher->data);
}

static void on_ended(void *owner, UNUSED bool ok)
{
    struct rpc_server *server = owner;
    server->ended = true;
    finish_when_over(server);
}

struct rpc_server *rpc_server_new(struct rpc *rpc, int listen_fd,
    const struct rpc_service *services, size_t count, struct error **err)
{
    static const double retry_seconds = 0.05;
    sigset_t before = rpc_core_block_signals();
    grpc_server *grpc = grpc_server_create(rpc_core_server_options(), NULL);
    rpc_core_restore_signals(&before);
    if (grpc == NULL) {
        close(listen_fd);
        error_set(err, ERROR_INTERNAL, "starting a gRPC server");
        return NULL;
    }
    grpc_server_register_completion_queue(grpc, rpc->queue, NULL);
    grpc_server_start(grpc);

    struct rpc_server *server = xmalloc(sizeof(*server));
    *server = (struct rpc_server){.rpc = rpc,
        .services = xmemdup(services, count * sizeof(*services)),
        .count = count,
        .server = grpc,
        .listen_fd = listen_fd};
    rpc_connections_init(&server->connections);
    server->ended_tag = (struct rpc_tag){on_ended, server};
    ev_async_init(&server->report, on_report);
    server->report.data = server;
    ev_io_init(&server->acceptable, on_acceptable, listen_fd, EV_READ);
    server->acceptable.data = server;
    ev_timer_init(&server->retry, on_retry, 0., retry_seconds);
    server->retry.data = server;
    ev_timer_init(&server->limit, on_limit, 0., 0.);
    server->limit.data = server;
    ev_io_start(rpc->loop, &server->acceptable);
    expect_request(server);
    return server;
}

static void stop_listening(struct rpc_server *server)
{
    ev_timer_stop(server->rpc->loop, &server->retry);
    ev_io_stop(server->rpc->loop, &server->acceptable);
    close(server->listen_fd);
    server->listen_fd = -1;
}

void rpc_server_stop(
    struct rpc_server *server, int64_t grace_ms, void (*done)(void *user), void *user)
{
    server->stopping = true;
    server->grace_ms = grace_ms;
    server->done = done;
    server->user = user;
    stop_listening(server);
    if (grace_ms <= 0)
        cut_off(server);
    else if (server->requests == NULL)
        shut_down(server);
    else
        set_limit(server, grace_ms);
}

void rpc_server_free(struct rpc_server *server)
{
    if (server == NULL)
        return;
    if (!server->stopping)
        rpc_server_stop(server, 0, NULL, NULL);
    else if (!server->finished)
        cut_off(server);
    rpc_core_wait(server->rpc, &server->finished);
    ev_clear_pending(server->rpc->loop, &server->report);
    rpc_connections_forget(&server->connections);
    free(server->services);
    free(server);
}
