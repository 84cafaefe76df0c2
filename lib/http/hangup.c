#include "http/hangup.h"

#include "base/unused.h"

#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utlist.h>

static void forget(struct http_hangups *hangups, struct http_hangup *hangup)
{
    if (hangup->watched)
        epoll_ctl(hangups->epoll, EPOLL_CTL_DEL, hangup->fd, NULL);
    hangup->watched = false;
}

static void on_readable(UNUSED struct ev_loop *loop, struct ev_io *io, UNUSED int events)
{
    struct http_hangups *hangups = io->data;
    pthread_mutex_lock(hangups->mutex);
    struct epoll_event event;
    /* one at a time: a callback may end the others */
    while (epoll_wait(hangups->epoll, &event, 1, 0) > 0) {
        struct http_hangup *gone = event.data.ptr;
        forget(hangups, gone);
        gone->on_gone(gone);
    }
    pthread_mutex_unlock(hangups->mutex);
}

int http_hangups_init(struct http_hangups *hangups, pthread_mutex_t *mutex)
{
    *hangups = (struct http_hangups){.mutex = mutex};
    ev_init(&hangups->readable, on_readable);
    hangups->readable.data = hangups;
    hangups->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (hangups->epoll < 0)
        return -1;
    ev_io_set(&hangups->readable, hangups->epoll, EV_READ);
    ev_io_start(EV_DEFAULT_ & hangups->readable);
    return 0;
}

void http_hangups_clear(struct http_hangups *hangups)
{
    ev_io_stop(EV_DEFAULT_ & hangups->readable);
    if (hangups->epoll >= 0)
        close(hangups->epoll);
    hangups->epoll = -1;
}

void http_hangup_begin(struct http_hangups *hangups, struct http_hangup *hangup, int fd)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = hangup};
    hangup->fd = fd;
    hangup->watched = epoll_ctl(hangups->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
    DL_APPEND(hangups->first, hangup);
}

void http_hangup_end(struct http_hangups *hangups, struct http_hangup *hangup)
{
    forget(hangups, hangup);
    DL_DELETE(hangups->first, hangup);
}
