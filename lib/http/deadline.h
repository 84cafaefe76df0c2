/* Deadlines for sockets: one that misses its deadline is shut down. Set and cleared by any thread;
 * watched by the default loop. */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

/* One socket's deadline; embedded in the connection's struct. Guarded by the mutex of its list. */
struct http_deadline {
    struct http_deadline *prev, *next;
    int fd;
    double at; /* clock_seconds */
    bool listed;
    bool missed; /* the socket was shut down */
};

struct http_deadlines {
    pthread_mutex_t mutex;
    struct http_deadline *first; /* sorted, earliest first */
    bool watched; /* the timer runs or is about to */
    double seconds;
    struct ev_async begin;
    struct ev_timer timer;
};

/* A deadline is seconds after it is set. Call on the loop's thread. */
void http_deadlines_init(struct http_deadlines *deadlines, double seconds);

/* Call on the loop's thread, when no other thread uses it. */
void http_deadlines_clear(struct http_deadlines *deadlines);

/* Starts or restarts a deadline for fd. */
void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int fd);

/* Ends it; after this, fd may be closed. Returns whether it was missed. */
bool http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline);

#endif
