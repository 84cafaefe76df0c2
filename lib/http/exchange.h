/* One request of a server and its answer, and what all requests of the server share. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <ev.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "http/certificates.h"
#include "http/deadline.h"
#include "http/hangup.h"
#include "http/route.h"

/* Lives as long as the server, and as long as a handler owes an answer. */
struct http_shared {
    atomic_uint references;
    const struct http_route *routes;
    size_t route_count;
    size_t max_body;
    bool tls;
    struct http_certificates certificates; /* where tls is */
    void (*on_bad)(void *user, const char *reason); /* or NULL */
    void *user;
    struct http_deadlines deadlines;
    atomic_uint requests; /* under way */
    atomic_size_t body_bytes; /* held for them */
    atomic_bool closing; /* answers close their connection */
    pthread_mutex_t mutex; /* recursive */
    struct http_hangups hangups; /* of suspended requests; guarded by mutex */
    bool on_loop; /* libmicrohttpd works on the loop, and not on threads of its own */
    struct ev_async resumed; /* wakes it there: a suspended request was answered */
    bool ending; /* no request is suspended any more; guarded by mutex */
};

enum http_phase {
    HTTP_READING, /* its handler was not called */
    HTTP_HANDLED, /* its handler is at work */
    HTTP_SUSPENDED, /* its handler has returned, and owes the answer */
    HTTP_ANSWERED,
    HTTP_ORPHANED, /* the connection or the server has gone before the answer */
};

struct http_answer {
    int code; /* 0: not decided yet */
    const char *content_type; /* static; NULL: text */
    char *body; /* owned */
    size_t length;
};

struct http_request {
    struct http_hangup hangup; /* the first: a hang-up is its request; listed while suspended */
    struct http_shared *shared; /* a reference */
    struct MHD_Connection *mhd;
    struct http_deadline *deadline; /* of its connection */
    const struct http_route *route; /* NULL: see answer */
    bool begun; /* its head was looked at */
    char *body; /* owned */
    size_t length, allocated;
    struct http_answer answer;
    const char *allow; /* the header of 405 */
    /* guarded by shared's mutex */
    enum http_phase phase;
    bool owed; /* by the handler, which was called: the answer */
    bool ended; /* libmicrohttpd does not know it any more */
    bool gone; /* the client is, while it was suspended */
    void (*on_hangup)(void *user); /* or NULL */
    void *on_hangup_user;
};

/* Zero but for its mutex. With one reference, owned by the caller. */
struct http_shared *http_shared_new(void);
void http_shared_unref(struct http_shared *shared);

/* Told of a connection that was of no use. */
void http_shared_bad(const struct http_shared *shared, const char *reason);

/* A request whose first line has come. It is libmicrohttpd's until http_exchange_end. */
struct http_request *http_exchange_begin(
    struct http_shared *shared, struct MHD_Connection *mhd, struct http_deadline *deadline);

/* Looks at the head: finds the route, or decides on a refusal. Returns whether that is to be sent
 * before the body, which closes the connection. */
bool http_exchange_head(struct http_request *request, const char *url, const char *method);

/* Keeps a part of the body, or refuses the request. */
void http_exchange_part(struct http_request *request, const char *data, size_t size);

/* The body is whole, or the answer is there that was given later: calls the handler, or sends the
 * answer. */
enum MHD_Result http_exchange_answer(struct http_request *request);

/* libmicrohttpd forgets the request; it goes when its handler owes nothing. */
void http_exchange_end(struct http_request *request);

/* Lets libmicrohttpd go on with a suspended request; with the mutex held. */
void http_exchange_resume(struct http_request *request);

/* Frees it, with its reference to what is shared. */
void http_exchange_free(struct http_request *request);

/* The server ends: tells all handlers that owe an answer, as if their clients had hung up, and lets
 * libmicrohttpd have the connections. No request is suspended after this. */
void http_exchange_abandon_all(struct http_shared *shared);

#endif
