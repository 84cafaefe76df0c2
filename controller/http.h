/* An HTTP server by libmicrohttpd: limits on connections, bodies and time, what is answered to a
 * request that fits no route, and the end in order. */
#ifndef CONTROLLER_HTTP_H
#define CONTROLLER_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "tls/certificate_store.h"

enum {
    CONTROLLER_HTTP_SILENCE_S = 10, /* a client that sends nothing within a request is cut off */
    CONTROLLER_HTTP_REQUEST_S = 30, /* a request has to be there after that */
    /* Longer than the 90 s for which Go's clients keep a connection: else they would send a review
     * into one that is being closed, and not try again. */
    CONTROLLER_HTTP_KEEP_ALIVE_S = 180,
};

struct controller_http;

struct controller_http_reply {
    int code;
    const char *content_type; /* static; NULL: text */
    char *body; /* owned, with a zero byte at its end */
};

/* Answers a request. Called on one of the server's threads, or on the loop's. */
typedef void controller_http_answer(
    void *user, const char *body, size_t length, struct controller_http_reply *reply);

struct controller_http_route {
    const char *path;
    bool post; /* a POST of JSON; else GET and HEAD */
    controller_http_answer *answer;
    void *user;
};

struct controller_http_options {
    const char *name; /* "webhook server", for messages */
    const char *listen; /* as in controller/listen.h */
    struct tls_certificate_store *certificates; /* for TLS; NULL: without it */
    int threads; /* 0: on the default loop */
    unsigned connections; /* at once */
    size_t max_body; /* bytes of one request; all that are under way: 16 times that */
    const struct controller_http_route *routes; /* borrowed for good */
    size_t route_count;
};

/* Returns it, owned by the caller, or NULL with an error. On the thread of the loop, as are the
 * others here. */
struct controller_http *controller_http_new(
    const struct controller_http_options *options, struct error **err);
void controller_http_free(struct controller_http *http); /* NULL is allowed */

int controller_http_port(const struct controller_http *http);

/* Answers close their connection from now on: clients have to come again, and may go elsewhere. */
void controller_http_dismiss(struct controller_http *http);

/* That, and no new connections: closes the listening socket. */
void controller_http_quiesce(struct controller_http *http);

/* Whether requests are under way. */
bool controller_http_busy(const struct controller_http *http);

#endif
