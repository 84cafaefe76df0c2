/* Sockets that have to be done with something by a certain time, which are shut down when they are
 * not. Set and cleared by any thread; watched by the default loop. */
#ifndef CONTROLLER_DEADLINE_H
#define CONTROLLER_DEADLINE_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

/* One socket's; embedded in what belongs to the connection. Guarded by the mutex of its list. */
struct controller_deadline {
    struct controller_deadline *prev, *next;
    int fd;
    double at; /* clock_seconds */
    bool listed;
    bool missed; /* the socket was shut down */
};

struct controller_deadlines {
    pthread_mutex_t mutex;
    struct controller_deadline *first; /* those that come first are first */
    bool watched; /* the timer runs, or will */
    double seconds;
    struct ev_async begin;
    struct ev_timer timer;
};

/* All deadlines are seconds after they were set. On the thread of the loop. */
void controller_deadlines_init(struct controller_deadlines *deadlines, double seconds);

/* When no other thread uses it any more, on the thread of the loop. */
void controller_deadlines_clear(struct controller_deadlines *deadlines);

/* Begins a deadline for fd, or begins it anew. */
void controller_deadline_set(
    struct controller_deadlines *deadlines, struct controller_deadline *deadline, int fd);

/* Ends it; after this, fd may be closed. Returns whether it was missed. */
bool controller_deadline_end(
    struct controller_deadlines *deadlines, struct controller_deadline *deadline);

#endif
