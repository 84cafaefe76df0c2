/* An HTTP server with libmicrohttpd, over TCP or a unix socket: limits on connections, bodies and
 * time, answers to requests that match no route, and graceful shutdown.
 *
 * Connections wait while descriptors are short, and one is displaced whenever that is found.
 *
 * No client keeps out others. A connection too many displaces the one idle longest, of the same
 * address if that has a quarter of all (http/places.h). A body for which there is no memory takes
 * that of the slowest (http/budget.h), which is answered with 503. A client is cut off if it is
 * silent for 10 s within a request, has not sent the headers after 10 s, sends a body more slowly
 * than 128 KiB/s after 5 s of grace, or has not read the answer after 10 s; the default loop must
 * run for this. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "http/certificates.h"
#include "http/route.h"

struct http_server;

struct http_server_options {
    const char *name; /* "webhook server", for messages */
    const char *listen; /* as in http/listener.h */
    mode_t mode; /* of a unix socket */
    const struct http_certificates *certificates; /* for TLS; copied; NULL: without it */
    int threads; /* 0: on the default loop */
    unsigned connections; /* at once */
    size_t max_body; /* bytes of one request */
    size_t memory; /* bytes of all bodies and answers in progress; 0: 16 times max_body */
    const struct http_route *routes; /* borrowed until the program exits */
    size_t route_count;
    /* Called on any of its threads; or NULL. on_bad: a connection or request was bad, with
     * reason "tls", "too-large", "slow", "displaced", "memory" or "bad-request". on_trouble: libmicrohttpd has logged a
     * message. on_shortage: connections have to wait because of errnum, such as EMFILE; at most
     * once a minute. */
    void (*on_bad)(void *user, const char *reason);
    void (*on_trouble)(void *user, const char *message);
    void (*on_shortage)(void *user, int errnum);
    void *user;
};

/* Returns the server, owned by the caller, or NULL with an error. Call this and the functions below
 * on the loop's thread. */
struct http_server *http_server_new(const struct http_server_options *options, struct error **err);

/* Ends all connections. Handlers that owe an answer are told as if the client had hung up. Must not
 * be called from a handler. NULL is allowed. */
void http_server_free(struct http_server *server);

/* How many connections a server with this limit has open at most: some more than the limit, until
 * those that are displaced have been closed. */
unsigned http_server_most_open(unsigned connections);

int http_server_port(const struct http_server *server); /* -1: a unix socket */

/* Makes answers close their connection from now on: clients must reconnect, perhaps elsewhere. */
void http_server_dismiss(struct http_server *server);

/* Like http_server_dismiss, and also closes the listening socket: no new connections. */
void http_server_quiesce(struct http_server *server);

/* Whether requests are in progress. */
bool http_server_busy(const struct http_server *server);

#endif
