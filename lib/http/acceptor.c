#include "http/acceptor.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/unused.h"

enum {
    AT_ONCE = 64, /* then other watchers of the loop get their turn */
    TELL_S = 60, /* from one report of a shortage to the next */
};

/* Until the next try, in seconds: if connections cannot be accepted; or not taken, and nothing is
 * heard from those who take them. */
static const double shortage_pause = 0.02;
static const double full_pause = 0.05;

struct http_acceptor {
    struct http_acceptor_options options;
    struct ev_loop *loop;
    struct ev_io acceptable;
    struct ev_timer retry;
    struct ev_io more; /* connections may be taken */
    pthread_t thread; /* if it has its own */
    struct ev_async end; /* of the thread */
    double told; /* when a shortage was reported; clock_seconds */
};

static void run_short(struct http_acceptor *acceptor, int errnum)
{
    double now = clock_seconds();
    bool tell = acceptor->told == 0 || now - acceptor->told >= TELL_S;
    if (tell)
        acceptor->told = now;
    acceptor->options.on_shortage(acceptor->options.user, errnum, tell);
}

/* Accepts a connection. Returns 0, or an errno: EAGAIN if none waits. */
static int accept_one(struct http_acceptor *acceptor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in6 six;
        struct sockaddr_un local;
    } address = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t length = sizeof(address);
    int fd = accept4(acceptor->options.fd, &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return errno;
    acceptor->options.take(acceptor->options.user, fd, &address.any, length);
    return 0;
}

/* Accepts what waits. Returns how long to pause, in seconds. */
static double accept_some(struct http_acceptor *acceptor)
{
    for (int i = 0; i < AT_ONCE; i++) {
        if (!acceptor->options.may_take(acceptor->options.user))
            return full_pause;
        int errnum = accept_one(acceptor);
        if (errnum == EAGAIN)
            return 0;
        if (errnum == 0 || errnum == EINTR || errnum == ECONNABORTED || errnum == EPROTO)
            continue;
        run_short(acceptor, errnum);
        return shortage_pause;
    }
    return 0;
}

static void on_acceptable(struct ev_loop *loop, struct ev_io *watcher, UNUSED int events)
{
    struct http_acceptor *acceptor = watcher->data;
    double pause = accept_some(acceptor);
    if (pause <= 0)
        return;
    ev_now_update(loop);
    ev_io_stop(loop, watcher);
    ev_timer_set(&acceptor->retry, pause, 0.);
    ev_timer_start(loop, &acceptor->retry);
}

static void on_retry(struct ev_loop *loop, struct ev_timer *watcher, UNUSED int events)
{
    struct http_acceptor *acceptor = watcher->data;
    ev_io_start(loop, &acceptor->acceptable);
}

static void on_more(struct ev_loop *loop, struct ev_io *watcher, UNUSED int events)
{
    struct http_acceptor *acceptor = watcher->data;
    eventfd_t count = 0;
    eventfd_read(watcher->fd, &count);
    ev_timer_stop(loop, &acceptor->retry);
    ev_io_start(loop, &acceptor->acceptable);
}

static void on_end(struct ev_loop *loop, UNUSED struct ev_async *watcher, UNUSED int events)
{
    ev_break(loop, EVBREAK_ALL);
}

static void *run(void *user)
{
    const struct http_acceptor *acceptor = user;
    ev_run(acceptor->loop, 0);
    return NULL;
}

/* Starts the thread, which receives no signals. Returns 0 or an errno. */
static int start_thread(struct http_acceptor *acceptor)
{
    sigset_t all;
    sigset_t before;
    ev_async_init(&acceptor->end, on_end);
    ev_async_start(acceptor->loop, &acceptor->end);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int errnum = pthread_create(&acceptor->thread, NULL, run, acceptor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return errnum;
}

static void stop(struct http_acceptor *acceptor)
{
    ev_io_stop(acceptor->loop, &acceptor->acceptable);
    ev_timer_stop(acceptor->loop, &acceptor->retry);
    ev_io_stop(acceptor->loop, &acceptor->more);
    if (acceptor->options.own_thread) {
        ev_async_stop(acceptor->loop, &acceptor->end);
        ev_loop_destroy(acceptor->loop);
    }
    free(acceptor);
}

struct http_acceptor *http_acceptor_new(
    const struct http_acceptor_options *options, struct error **err)
{
    struct ev_loop *loop =
        options->own_thread ? ev_loop_new(EVFLAG_AUTO) : ev_default_loop(EVFLAG_AUTO);
    if (loop == NULL) {
        error_set_errno(err, "creating an event loop");
        return NULL;
    }
    struct http_acceptor *acceptor = xcalloc(1, sizeof(*acceptor));
    acceptor->options = *options;
    acceptor->loop = loop;
    ev_io_init(&acceptor->acceptable, on_acceptable, options->fd, EV_READ);
    ev_timer_init(&acceptor->retry, on_retry, 0., 0.);
    ev_io_init(&acceptor->more, on_more, options->more, EV_READ);
    acceptor->acceptable.data = acceptor->retry.data = acceptor->more.data = acceptor;
    ev_io_start(loop, &acceptor->acceptable);
    ev_io_start(loop, &acceptor->more);
    int errnum = options->own_thread ? start_thread(acceptor) : 0;
    if (errnum == 0)
        return acceptor;
    stop(acceptor);
    errno = errnum;
    error_set_errno(err, "creating a thread");
    return NULL;
}

void http_acceptor_free(struct http_acceptor *acceptor)
{
    if (acceptor == NULL)
        return;
    if (acceptor->options.own_thread) {
        ev_async_send(acceptor->loop, &acceptor->end);
        pthread_join(acceptor->thread, NULL);
    }
    stop(acceptor);
}
