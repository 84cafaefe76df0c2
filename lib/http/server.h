/* An HTTP server by libmicrohttpd, over TCP or a unix socket: limits on connections, bodies and time,
 * what is answered to a request that fits no route, and the end in order. A client that is silent
 * for 10 s within a request, or has not sent it whole after 30 s, is cut off; these 30 s are watched
 * by the default loop. */
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
    size_t max_body; /* bytes of one request; all that are under way: 16 times that */
    const struct http_route *routes; /* borrowed for good */
    size_t route_count;
    /* Told, on any of its threads; or NULL. on_bad: of a connection or request that was of no use,
     * "tls", "too-large", "slow" or "bad-request". on_trouble: what libmicrohttpd has to say. */
    void (*on_bad)(void *user, const char *reason);
    void (*on_trouble)(void *user, const char *message);
    void *user;
};

/* Returns it, owned by the caller, or NULL with an error. On the thread of the loop, as are the
 * others here. */
struct http_server *http_server_new(const struct http_server_options *options, struct error **err);

/* Ends all connections. Handlers that owe an answer are told as if the client had hung up. Not from
 * a handler. NULL is allowed. */
void http_server_free(struct http_server *server);

int http_server_port(const struct http_server *server); /* -1: of a unix socket */

/* Answers close their connection from now on: clients have to come again, and may go elsewhere. */
void http_server_dismiss(struct http_server *server);

/* That, and no new connections: closes the listening socket. */
void http_server_quiesce(struct http_server *server);

/* Whether requests are under way. */
bool http_server_busy(const struct http_server *server);

#endif
