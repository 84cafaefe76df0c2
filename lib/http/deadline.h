/* Sockets that have to be done with something by a certain time, and are shut down when they are
 * not. Set and cleared by any thread; watched by the default loop. */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

/* One socket's; embedded in what belongs to the connection. Guarded by the mutex of its list. */
struct http_deadline {
    struct http_deadline *prev, *next;
    int fd;
    double at; /* clock_seconds */
    bool listed;
    bool missed; /* the socket was shut down */
};

struct http_deadlines {
    pthread_mutex_t mutex;
    struct http_deadline *first; /* those that come first are first */
    bool watched; /* the timer runs, or will */
    double seconds;
    struct ev_async begin;
    struct ev_timer timer;
};

/* All deadlines are seconds after they were set. On the thread of the loop. */
void http_deadlines_init(struct http_deadlines *deadlines, double seconds);

/* When no other thread uses it, on the thread of the loop. */
void http_deadlines_clear(struct http_deadlines *deadlines);

/* Begins a deadline for fd, or begins it again. */
void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int fd);

/* Ends it; after this, fd may be closed. Returns whether it was missed. */
bool http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline);

#endif
