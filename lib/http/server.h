/* An HTTP server with libmicrohttpd, over TCP or a unix socket: limits on connections, bodies and
 * time, answers to requests that match no route, and graceful shutdown. A client that is silent for
 * 10 s within a request, or has not sent it completely after 30 s, is cut off; the default loop
 * watches these 30 s. */
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
    size_t max_body; /* bytes of one request; of all in progress: 16 times that */
    const struct http_route *routes; /* borrowed until the program exits */
    size_t route_count;
    /* Called on any of its threads; or NULL. on_bad: a connection or request was bad, with
     * reason "tls", "too-large", "slow" or "bad-request". on_trouble: libmicrohttpd has logged a
     * message. */
    void (*on_bad)(void *user, const char *reason);
    void (*on_trouble)(void *user, const char *message);
    void *user;
};

/* Returns the server, owned by the caller, or NULL with an error. Call this and the functions below
 * on the loop's thread. */
struct http_server *http_server_new(const struct http_server_options *options, struct error **err);

/* Ends all connections. Handlers that owe an answer are told as if the client had hung up. Must not
 * be called from a handler. NULL is allowed. */
void http_server_free(struct http_server *server);

int http_server_port(const struct http_server *server); /* -1: a unix socket */

/* Makes answers close their connection from now on: clients must reconnect, perhaps elsewhere. */
void http_server_dismiss(struct http_server *server);

/* Like http_server_dismiss, and also closes the listening socket: no new connections. */
void http_server_quiesce(struct http_server *server);

/* Whether requests are in progress. */
bool http_server_busy(const struct http_server *server);

#endif
