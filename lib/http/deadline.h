/* Deadlines for sockets: one that misses its deadline is shut down. Set and cleared by any thread;
 * watched by the default loop. */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* One socket's deadline; embedded in the connection's struct. Guarded by the mutex of its list,
 * except for moved. */
struct http_deadline {
    struct http_deadline *prev, *next;
    int fd;
    double at; /* clock_seconds; later if enough bytes were moved */
    double begin, seconds;
    size_t rate;
    atomic_size_t moved;
    bool listed;
    bool missed; /* the socket was shut down */
};

struct http_deadlines {
    pthread_mutex_t mutex;
    struct http_deadline *first; /* sorted, earliest first */
    double wakes; /* when the timer ends, or INFINITY: never */
    struct ev_async begin;
    struct ev_timer timer;
};

/* Call on the loop's thread. */
void http_deadlines_init(struct http_deadlines *deadlines);

/* Call on the loop's thread, when no other thread uses it. */
void http_deadlines_clear(struct http_deadlines *deadlines);

/* Starts or restarts a deadline for fd: seconds from now, and if rate is not 0, a second more for
 * each rate bytes that http_deadline_move counts: a client that keeps up that rate has time. */
void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int fd,
    double seconds, size_t rate);
void http_deadline_move(struct http_deadline *deadline, size_t bytes);

/* Ends it; after this, fd may be closed. Returns whether it was missed. */
bool http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline);

#endif
