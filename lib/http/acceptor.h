/* Accepts the connections of a listening socket, in a thread of its own or on the default loop.
 * libmicrohttpd's own accepting does not survive a lack of descriptors: it runs a processor hot, or
 * waits for one of its connections to end although others have freed some. Here, accepting pauses for
 * a moment, and tries again. */
#ifndef HTTP_ACCEPTOR_H
#define HTTP_ACCEPTOR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct http_acceptor;

/* All are called in the acceptor's thread. */
struct http_acceptor_options {
    int fd; /* listens, and does not block; borrowed until the acceptor is freed */
    bool own_thread;
    /* An eventfd that becomes readable when may_take may have changed its mind; borrowed until the
     * acceptor is freed. */
    int more;
    /* Whether one more connection can be taken now. */
    bool (*may_take)(void *user);
    /* Takes a connection's descriptor, close-on-exec and non-blocking. */
    void (*take)(void *user, int fd, const struct sockaddr *address, socklen_t length);
    /* A connection was not accepted because of errnum, such as EMFILE; it waits. tell: this is the
     * first time in a minute. */
    void (*on_shortage)(void *user, int errnum, bool tell);
    void *user;
};

/* Starts accepting. Returns the acceptor, owned by the caller, or NULL with an io error. Call this
 * and the next on the default loop's thread. */
struct http_acceptor *http_acceptor_new(
    const struct http_acceptor_options *options, struct error **err);

/* Stops accepting: nothing is called after this. NULL is allowed. */
void http_acceptor_free(struct http_acceptor *acceptor);

#endif
