#include "manager/launcher_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unix_socket.h"
#include "base/unused.h"

/* The least time between two connection attempts, whatever the peer does with them. */
static const double pause_seconds = 1;

struct manager_launcher_watch {
    struct ev_loop *loop;
    const char *path;
    int fd; /* the connection, or -1 */
    bool met; /* connected at least once */
    bool complained; /* about a launcher that exists but refuses us */
    double tried; /* when; clock_seconds */
    ev_io closing;
    ev_stat appearing; /* by inotify; until the first connection */
    ev_timer retry;
    void (*gone)(void *user);
    void *user;
};

/* Returns a connected socket, or -1 with errno set. */
static int connect_to(const char *path)
{
    struct unix_socket_address address;
    auto_error struct error *error = NULL;
    if (unix_socket_address_init(&address, path, &error) < 0) {
        errno = error->errnum;
        return -1;
    }
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool failed =
        fd < 0 || connect(fd, (const struct sockaddr *)&address.name, sizeof(address.name)) < 0;
    int errnum = errno;
    unix_socket_address_clear(&address);
    errno = errnum;
    return failed ? -1 : steal_fd(&fd);
}

static void try_later(struct manager_launcher_watch *watch)
{
    double wait = watch->tried + pause_seconds - clock_seconds();
    ev_timer_stop(watch->loop, &watch->retry);
    ev_timer_set(&watch->retry, wait > 0 ? wait : 0, 0);
    ev_timer_start(watch->loop, &watch->retry);
}

static void begin_idling(struct manager_launcher_watch *watch)
{
    if (!watch->met)
        log_info("connected to the launcher at %s", watch->path);
    watch->met = true;
    ev_stat_stop(watch->loop, &watch->appearing);
    ev_io_set(&watch->closing, watch->fd, EV_READ);
    ev_io_start(watch->loop, &watch->closing);
}

/* Connects, or reports that the launcher is gone, after which the watch may be freed. */
static void try_now(struct manager_launcher_watch *watch)
{
    watch->tried = clock_seconds();
    watch->fd = connect_to(watch->path);
    if (watch->fd >= 0) {
        begin_idling(watch);
        return;
    }
    bool absent = errno == ENOENT || errno == ECONNREFUSED;
    if (absent && watch->met) {
        watch->gone(watch->user);
        return;
    }
    if (errno == ENOENT)
        return; /* on_appearing tries again */
    if (!absent && errno != EAGAIN && !watch->complained) {
        watch->complained = true;
        log_warning("cannot connect to the launcher at %s: %s; its end goes unnoticed until a "
                    "connection succeeds",
            watch->path, strerror(errno));
    }
    try_later(watch);
}

static void on_appearing(UNUSED struct ev_loop *loop, ev_stat *watcher, UNUSED int events)
{
    struct manager_launcher_watch *watch = watcher->data;
    ev_timer_stop(watch->loop, &watch->retry);
    try_now(watch);
}

static void on_retry(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    try_now(watcher->data);
}

/* Discards what a server sends unasked, such as its HTTP/2 settings. */
static void on_readable(struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct manager_launcher_watch *watch = watcher->data;
    char discarded[4096];
    ssize_t got = read(watch->fd, discarded, sizeof(discarded));
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    ev_io_stop(loop, &watch->closing);
    close(watch->fd);
    watch->fd = -1;
    try_later(watch);
}

struct manager_launcher_watch *manager_launcher_watch_new(
    struct ev_loop *loop, const char *path, void (*gone)(void *user), void *user)
{
    struct manager_launcher_watch *watch = xmalloc(sizeof(*watch));
    *watch = (struct manager_launcher_watch){
        .loop = loop, .path = path, .fd = -1, .gone = gone, .user = user};
    ev_io_init(&watch->closing, on_readable, -1, EV_READ);
    watch->closing.data = watch;
    ev_stat_init(&watch->appearing, on_appearing, path, 0.);
    watch->appearing.data = watch;
    ev_timer_init(&watch->retry, on_retry, 0., 0.);
    watch->retry.data = watch;
    ev_now_update(loop);
    ev_stat_start(loop, &watch->appearing); /* first, so that no appearance is missed */
    try_now(watch);
    return watch;
}

void manager_launcher_watch_free(struct manager_launcher_watch *watch)
{
    if (watch == NULL)
        return;
    ev_timer_stop(watch->loop, &watch->retry);
    ev_stat_stop(watch->loop, &watch->appearing);
    ev_io_stop(watch->loop, &watch->closing);
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch);
}
