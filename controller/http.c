#include "controller/http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "controller/http_request.h"
#include "controller/listen.h"

/* TLS 1.2 or 1.3, with forward secrecy. */
static const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA";

struct controller_http {
    struct controller_http_shared shared;
    struct MHD_Daemon *daemon;
    int listen_fd; /* ours; -1 when closed */
    int port;
    struct ev_io readable; /* of libmicrohttpd's epoll, without threads of its own */
    struct ev_timer timer; /* when libmicrohttpd asks for it */
};

static void log_mhd(void *user, const char *format, va_list args)
{
    const struct controller_http *http = user;
    char line[512];
    vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("%s: %s", http->shared.options.name, line);
}

/* Lets libmicrohttpd work on the loop's thread, and sees when it wants to again. */
static void run(struct controller_http *http)
{
    MHD_run(http->daemon);
    unsigned long long milliseconds = 0;
    ev_timer_stop(EV_DEFAULT_ & http->timer);
    if (MHD_get_timeout(http->daemon, &milliseconds) == MHD_YES) {
        ev_timer_set(&http->timer, (double)milliseconds / 1000.0, 0.0);
        ev_timer_start(EV_DEFAULT_ & http->timer);
    }
}

static void on_readable(struct ev_loop *loop, struct ev_io *io, int events)
{
    (void)loop;
    (void)events;
    run(io->data);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    run(timer->data);
}

/* Starts the daemon; its threads take no signals. */
static void start(struct controller_http *http)
{
    const struct controller_http_options *options = &http->shared.options;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)controller_http_on_handshake},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    static struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_ERROR_LOG | MHD_USE_EPOLL;
    if (options->threads > 0)
        flags |= MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC;
    if (options->certificates != NULL)
        flags |= MHD_USE_TLS;

    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, controller_http_on_request, &http->shared,
        MHD_OPTION_EXTERNAL_LOGGER, log_mhd, http, MHD_OPTION_LISTEN_SOCKET, http->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, options->connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)CONTROLLER_HTTP_SILENCE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, controller_http_on_connection, &http->shared,
        MHD_OPTION_URI_LOG_CALLBACK, controller_http_on_begin, &http->shared,
        MHD_OPTION_NOTIFY_COMPLETED, controller_http_on_completed, &http->shared, MHD_OPTION_ARRAY,
        options->threads > 1 ? pool : none, MHD_OPTION_ARRAY,
        options->certificates != NULL ? tls : none, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct controller_http *controller_http_new(
    const struct controller_http_options *options, struct error **err)
{
    auto_fd int fd = controller_listen(options->listen, err);
    if (fd < 0) {
        if (err != NULL)
            error_wrap(err, "%s", options->name);
        return NULL;
    }
    struct controller_http *http = xcalloc(1, sizeof(*http));
    http->shared.options = *options;
    http->listen_fd = steal_fd(&fd);
    http->port = controller_listen_port(http->listen_fd);
    controller_deadlines_init(&http->shared.deadlines, CONTROLLER_HTTP_REQUEST_S);
    ev_init(&http->timer, on_timer);
    ev_init(&http->readable, on_readable);
    http->timer.data = http->readable.data = http;
    start(http);
    if (http->daemon == NULL) {
        error_set(err, ERROR_INTERNAL, "%s: libmicrohttpd does not start", options->name);
        controller_http_free(http);
        return NULL;
    }
    if (options->threads == 0) {
        int epoll = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
        ev_io_set(&http->readable, epoll, EV_READ);
        ev_io_start(EV_DEFAULT_ & http->readable);
        run(http);
    }
    return http;
}

int controller_http_port(const struct controller_http *http)
{
    return http->port;
}

void controller_http_dismiss(struct controller_http *http)
{
    atomic_store(&http->shared.closing, true);
}

void controller_http_quiesce(struct controller_http *http)
{
    controller_http_dismiss(http);
    if (http->listen_fd < 0)
        return;
    MHD_quiesce_daemon(http->daemon);
    close(http->listen_fd);
    http->listen_fd = -1;
}

bool controller_http_busy(const struct controller_http *http)
{
    return atomic_load(&http->shared.requests) > 0;
}

void controller_http_free(struct controller_http *http)
{
    if (http == NULL)
        return;
    ev_io_stop(EV_DEFAULT_ & http->readable);
    ev_timer_stop(EV_DEFAULT_ & http->timer);
    if (http->daemon != NULL) {
        controller_http_quiesce(http);
        MHD_stop_daemon(http->daemon);
    }
    if (http->listen_fd >= 0)
        close(http->listen_fd);
    controller_deadlines_clear(&http->shared.deadlines);
    free(http);
}
