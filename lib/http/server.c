#include "http/server.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/unused.h"
#include "http/acceptor.h"
#include "http/connection.h"
#include "http/exchange.h"
#include "http/listener.h"
#include "http/worker.h"

/* TLS 1.2 or 1.3, with forward secrecy. */
static const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA";

enum {
    DEFAULT_BODIES = 16, /* of the maximum size, at once */
    /* For one connection more in so many, another is accepted before it is closed, displaced. */
    SPARE_SHARE = 8,
    LEAST_SPARE = 8,
    TROUBLE_SIZE = 512,
};

struct http_server {
    void (*on_trouble)(void *user, const char *message); /* or NULL */
    void (*on_shortage)(void *user, int errnum); /* or NULL */
    void *user;
    struct http_shared *shared; /* a reference */
    struct http_worker *workers;
    size_t worker_count;
    /* of the thread that accepts */
    struct http_worker *next; /* who gets the next connection */
    size_t turn; /* whose turn it is if all are alike */
    struct http_listener listener;
    struct http_acceptor *acceptor; /* NULL: accepts no more */
    unsigned most; /* connections, with those that are displaced and have yet to go */
    int port;
    atomic_bool starting;
    char trouble[TROUBLE_SIZE]; /* what libmicrohttpd said last, while starting */
    struct ev_io readable; /* libmicrohttpd's epoll, if it has no threads of its own */
    struct ev_timer timer; /* when libmicrohttpd asks for it */
};

static void on_message(void *user, const char *format, va_list args)
{
    struct http_server *server = user;
    char line[TROUBLE_SIZE];
    vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    if (atomic_load(&server->starting))
        memcpy(server->trouble, line, sizeof(line));
    if (server->on_trouble != NULL)
        server->on_trouble(server->user, line);
}

/* Runs libmicrohttpd on the loop's thread, and schedules its next run. */
static void run(struct http_server *server)
{
    MHD_run(server->workers->daemon);
    unsigned long long milliseconds = 0;
    ev_timer_stop(EV_DEFAULT_ & server->timer);
    if (MHD_get_timeout(server->workers->daemon, &milliseconds) == MHD_YES) {
        ev_timer_set(&server->timer, (double)milliseconds / 1000.0, 0.0);
        ev_timer_start(EV_DEFAULT_ & server->timer);
    }
}

static void on_readable(UNUSED struct ev_loop *loop, struct ev_io *io, UNUSED int events)
{
    run(io->data);
}

static void on_timer(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    run(timer->data);
}

static void on_resumed(UNUSED struct ev_loop *loop, struct ev_async *resumed, UNUSED int events)
{
    run(resumed->data);
}

static bool may_take(void *user)
{
    struct http_server *server = user;
    struct http_shared *shared = server->shared;
    size_t count = server->worker_count;
    atomic_store(&shared->full, true); /* before a look: what changes after it wakes the acceptor */
    struct http_worker *next = http_worker_choose(server->workers, count, server->turn % count);
    unsigned queued = http_worker_count_queued(server->workers, count);
    if (next == NULL || atomic_load(&shared->open) + queued >= server->most)
        return false;
    atomic_store(&shared->full, false);
    server->next = next;
    return true;
}

static void take(void *user, int fd, const struct sockaddr *address, socklen_t length)
{
    struct http_server *server = user;
    server->turn = (size_t)(server->next - server->workers) + 1;
    http_worker_take(server->next, fd, address, length);
    if (server->shared->on_loop)
        ev_feed_event(EV_DEFAULT_ & server->timer, EV_TIMER);
}

/* Where the process has no descriptors left, one that an idle connection gives back lets in the one
 * that waits. */
static void on_shortage(void *user, int errnum, bool tell)
{
    struct http_server *server = user;
    if (errnum == EMFILE)
        http_places_shed(&server->shared->places);
    if (tell && server->on_shortage != NULL)
        server->on_shortage(server->user, errnum);
}

/* Starts libmicrohttpd for a worker, if it can be; its thread receives no signals. */
static void start(struct http_server *server, const struct http_server_options *options,
    struct http_worker *worker)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)http_connection_on_handshake},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    static struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags =
        MHD_USE_ERROR_LOG | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
    if (!worker->on_loop)
        flags |= MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC;
    if (options->certificates != NULL)
        flags |= MHD_USE_TLS;

    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    worker->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_connection_on_request,
        server->shared, MHD_OPTION_EXTERNAL_LOGGER, on_message, server, MHD_OPTION_CONNECTION_LIMIT,
        2 * server->most, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SILENCE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, http_connection_on_change,
        worker, MHD_OPTION_URI_LOG_CALLBACK, http_connection_on_begin, server->shared,
        MHD_OPTION_NOTIFY_COMPLETED, http_connection_on_completed, server->shared, MHD_OPTION_ARRAY,
        options->certificates != NULL ? tls : none, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void share(struct http_shared *shared, const struct http_server_options *options)
{
    shared->routes = options->routes;
    shared->route_count = options->route_count;
    shared->max_body = options->max_body;
    shared->tls = options->certificates != NULL;
    if (shared->tls)
        shared->certificates = *options->certificates;
    shared->on_bad = options->on_bad;
    shared->user = options->user;
    shared->on_loop = options->threads == 0;
    http_deadlines_init(&shared->deadlines);
}

/* Starts all workers. Returns 0, or -1 with an error. */
static int start_all(
    struct http_server *server, const struct http_server_options *options, struct error **err)
{
    atomic_store(&server->starting, true);
    for (size_t i = 0; i < server->worker_count; i++) {
        struct http_worker *worker = &server->workers[i];
        worker->shared = server->shared;
        worker->on_loop = server->shared->on_loop;
        start(server, options, worker);
        if (worker->daemon == NULL)
            return error_set(
                err, ERROR_INTERNAL, "libmicrohttpd failed to start: %s", server->trouble);
    }
    atomic_store(&server->starting, false);
    return 0;
}

/* Starts the workers, and accepts connections for them. Returns 0, or -1 with an error. */
static int serve(
    struct http_server *server, const struct http_server_options *options, struct error **err)
{
    server->shared->more = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->shared->more < 0)
        return error_set_errno(err, "creating an eventfd");
    const struct http_acceptor_options accepting = {
        .fd = server->listener.fd,
        .own_thread = options->threads > 0,
        .more = server->shared->more,
        .may_take = may_take,
        .take = take,
        .on_shortage = on_shortage,
        .user = server,
    };
    if (http_hangups_init(&server->shared->hangups, &server->shared->mutex) < 0)
        return error_set_errno(err, "creating an epoll descriptor");
    if (start_all(server, options, err) < 0)
        return -1;
    server->acceptor = http_acceptor_new(&accepting, err);
    return server->acceptor != NULL ? 0 : -1;
}

unsigned http_server_most_open(unsigned connections)
{
    return connections + connections / SPARE_SHARE + LEAST_SPARE;
}

struct http_server *http_server_new(const struct http_server_options *options, struct error **err)
{
    struct http_listener listener;
    if (http_listener_open(&listener, options->listen, options->mode, err) < 0) {
        if (err != NULL)
            error_wrap(err, "%s", options->name);
        return NULL;
    }
    struct http_server *server = xcalloc(1, sizeof(*server));
    server->on_trouble = options->on_trouble;
    server->on_shortage = options->on_shortage;
    server->user = options->user;
    server->listener = listener;
    server->port = http_listener_port(&listener);
    server->most = http_server_most_open(options->connections);
    server->worker_count = options->threads > 0 ? (size_t)options->threads : 1;
    server->workers = xcalloc(server->worker_count, sizeof(*server->workers));
    server->shared = http_shared_new(options->connections,
        options->memory > 0 ? options->memory : DEFAULT_BODIES * options->max_body);
    share(server->shared, options);
    ev_init(&server->timer, on_timer);
    ev_init(&server->readable, on_readable);
    ev_async_init(&server->shared->resumed, on_resumed);
    server->timer.data = server->readable.data = server->shared->resumed.data = server;
    auto_error struct error *error = NULL;
    if (serve(server, options, &error) < 0) {
        error_wrap(&error, "%s", options->name);
        error_move(err, steal(&error));
        http_server_free(server);
        return NULL;
    }
    if (server->shared->on_loop) {
        int epoll =
            MHD_get_daemon_info(server->workers->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
        ev_io_set(&server->readable, epoll, EV_READ);
        ev_io_start(EV_DEFAULT_ & server->readable);
        ev_async_start(EV_DEFAULT_ & server->shared->resumed);
        run(server);
    }
    return server;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_dismiss(struct http_server *server)
{
    atomic_store(&server->shared->closing, true);
}

void http_server_quiesce(struct http_server *server)
{
    http_server_dismiss(server);
    http_acceptor_free(steal(&server->acceptor));
    http_listener_close(&server->listener);
}

bool http_server_busy(const struct http_server *server)
{
    return atomic_load(&server->shared->requests) > 0;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    ev_io_stop(EV_DEFAULT_ & server->readable);
    ev_timer_stop(EV_DEFAULT_ & server->timer);
    ev_async_stop(EV_DEFAULT_ & server->shared->resumed);
    http_server_quiesce(server);
    http_exchange_abandon_all(server->shared);
    for (size_t i = 0; i < server->worker_count && server->workers[i].daemon != NULL; i++)
        MHD_stop_daemon(server->workers[i].daemon);
    http_deadlines_clear(&server->shared->deadlines);
    http_hangups_clear(&server->shared->hangups);
    http_shared_unref(server->shared);
    free(server->workers);
    free(server);
}
