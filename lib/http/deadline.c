#include "http/deadline.h"

#include <math.h>
#include <stddef.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/unused.h"

/* Lists a deadline in the order of time; most come last. */
static void insert(struct http_deadlines *deadlines, struct http_deadline *deadline)
{
    struct http_deadline *before = deadlines->first != NULL ? deadlines->first->prev : NULL;
    while (before != NULL && before->at > deadline->at)
        before = before == deadlines->first ? NULL : before->prev;
    if (before == NULL)
        DL_PREPEND(deadlines->first, deadline);
    else
        DL_APPEND_ELEM(deadlines->first, before, deadline);
    deadline->listed = true;
}

static void take_off(struct http_deadlines *deadlines, struct http_deadline *deadline)
{
    if (deadline->listed)
        DL_DELETE(deadlines->first, deadline);
    deadline->listed = false;
}

/* When it is due, with what was moved until now. */
static double due(const struct http_deadline *deadline)
{
    double earned = 0;
    if (deadline->rate > 0)
        earned = (double)atomic_load(&deadline->moved) / (double)deadline->rate;
    return deadline->begin + deadline->seconds + earned;
}

/* Shuts down late sockets, and sets the timer for the next deadline; with the mutex held. */
static void watch(struct ev_loop *loop, struct http_deadlines *deadlines)
{
    double time = clock_seconds();
    while (deadlines->first != NULL && deadlines->first->at <= time) {
        struct http_deadline *late = deadlines->first;
        take_off(deadlines, late);
        late->at = due(late);
        if (late->at > time) {
            insert(deadlines, late);
            continue;
        }
        shutdown(late->fd, SHUT_RDWR); /* its owner sees that, and closes it */
        late->missed = true;
    }
    ev_timer_stop(loop, &deadlines->timer);
    deadlines->wakes = INFINITY;
    if (deadlines->first != NULL) {
        deadlines->wakes = deadlines->first->at;
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

void http_deadlines_init(struct http_deadlines *deadlines)
{
    *deadlines = (struct http_deadlines){.wakes = INFINITY};
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

void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int fd,
    double seconds, size_t rate)
{
    pthread_mutex_lock(&deadlines->mutex);
    take_off(deadlines, deadline);
    deadline->fd = fd;
    deadline->begin = clock_seconds();
    deadline->seconds = seconds;
    deadline->rate = rate;
    atomic_store(&deadline->moved, 0);
    deadline->at = due(deadline);
    insert(deadlines, deadline);
    bool begin = deadline->at < deadlines->wakes;
    if (begin)
        deadlines->wakes = deadline->at;
    pthread_mutex_unlock(&deadlines->mutex);
    if (begin)
        ev_async_send(EV_DEFAULT_ & deadlines->begin);
}

void http_deadline_move(struct http_deadline *deadline, size_t bytes)
{
    atomic_fetch_add(&deadline->moved, bytes);
}

bool http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline)
{
    pthread_mutex_lock(&deadlines->mutex);
    take_off(deadlines, deadline);
    bool missed = deadline->missed;
    pthread_mutex_unlock(&deadlines->mutex);
    return missed;
}
