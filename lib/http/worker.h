/* One of those that serve the connections of a server: a thread of libmicrohttpd, or the loop. Each
 * has a libmicrohttpd of its own, so that a connection can be given to one that is not busy. */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

struct http_shared;

struct http_worker {
    struct http_shared *shared; /* of the server; borrowed */
    struct MHD_Daemon *daemon; /* NULL: it was not started */
    bool on_loop; /* else it is a thread */
    atomic_bool busy; /* a handler is running */
    atomic_uint started; /* connections, since the worker was started */
    /* belong to the thread that accepts */
    unsigned accepted; /* connections that it was given, without those that are forgotten */
    unsigned seen; /* of started */
    double progress; /* when that last changed; clock_seconds */
};

/* Returns the one of count workers to give a connection to, beginning with the one at first, or
 * NULL: it has to wait, because all are busy or have not started enough of those that they were
 * given. Call this and the next in the thread that accepts. */
struct http_worker *http_worker_choose(struct http_worker *workers, size_t count, size_t first);

/* How many connections count workers have yet to start. */
unsigned http_worker_count_queued(struct http_worker *workers, size_t count);

/* Gives it a connection, which is closed if that fails. */
void http_worker_take(
    struct http_worker *worker, int fd, const struct sockaddr *address, socklen_t length);

#endif
