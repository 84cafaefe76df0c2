#include "http/deadline.h"

#include <stddef.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/unused.h"

/* Shuts down late sockets, and sets the timer for the next deadline; with the mutex held. */
static void watch(struct ev_loop *loop, struct http_deadlines *deadlines)
{
    double time = clock_seconds();
    while (deadlines->first != NULL && deadlines->first->at <= time) {
        struct http_deadline *late = deadlines->first;
        shutdown(late->fd, SHUT_RDWR); /* its owner sees that, and closes it */
        late->missed = true;
        late->listed = false;
        DL_DELETE(deadlines->first, late);
    }
    deadlines->watched = deadlines->first != NULL;
    ev_timer_stop(loop, &deadlines->timer);
    if (deadlines->watched) {
        ev_timer_set(&deadlines->timer, deadlines->first->at - time, 0.0);
        ev_timer_start(loop, &deadlines->timer);
    }
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct http_deadlines *deadlines = timer->data;
    ev_now_update(loop);
    pthread_mutex_lock(&deadlines->mutex);
    watch(loop, deadlines);
    pthread_mutex_unlock(&deadlines->mutex);
}

static void on_begin(struct ev_loop *loop, struct ev_async *begin, int events)
{
    struct http_deadlines *deadlines = begin->data;
    on_timer(loop, &deadlines->timer, events);
}

void http_deadlines_init(struct http_deadlines *deadlines, double seconds)
{
    *deadlines = (struct http_deadlines){.seconds = seconds};
    pthread_mutex_init(&deadlines->mutex, NULL);
    ev_async_init(&deadlines->begin, on_begin);
    ev_init(&deadlines->timer, on_timer);
    deadlines->begin.data = deadlines->timer.data = deadlines;
    ev_async_start(EV_DEFAULT_ & deadlines->begin);
}

void http_deadlines_clear(struct http_deadlines *deadlines)
{
    ev_async_stop(EV_DEFAULT_ & deadlines->begin);
    ev_timer_stop(EV_DEFAULT_ & deadlines->timer);
    pthread_mutex_destroy(&deadlines->mutex);
}

void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int fd)
{
    pthread_mutex_lock(&deadlines->mutex);
    if (deadline->listed)
        DL_DELETE(deadlines->first, deadline);
    deadline->fd = fd;
    deadline->at = clock_seconds() + deadlines->seconds;
    deadline->listed = true;
    DL_APPEND(deadlines->first, deadline);
    bool begin = !deadlines->watched;
    deadlines->watched = true;
    pthread_mutex_unlock(&deadlines->mutex);
    if (begin)
        ev_async_send(EV_DEFAULT_ & deadlines->begin);
}

bool http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline)
{
    pthread_mutex_lock(&deadlines->mutex);
    if (deadline->listed)
        DL_DELETE(deadlines->first, deadline);
    deadline->listed = false;
    bool missed = deadline->missed;
    pthread_mutex_unlock(&deadlines->mutex);
    return missed;
}
