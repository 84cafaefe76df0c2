/* One request of a server and its answer, and what all requests of the server share. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <ev.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "http/budget.h"
#include "http/certificates.h"
#include "http/deadline.h"
#include "http/hangup.h"
#include "http/places.h"
#include "http/route.h"
#include "http/worker.h"

enum {
    /* A body must arrive at this rate, after some seconds of grace. An answer has some seconds. */
    HTTP_GRACE_S = 5,
    HTTP_LEAST_RATE = 128 * 1024, /* bytes per second: 3 MiB take 29 s at most */
    HTTP_ANSWER_S = 10,
};

/* Lives as long as the server, and until no handler owes an answer. */
struct http_shared {
    atomic_uint references;
    const struct http_route *routes;
    size_t route_count;
    size_t max_body;
    bool tls;
    struct http_certificates certificates; /* if tls */
    void (*on_bad)(void *user, const char *reason); /* or NULL */
    void *user;
    struct http_deadlines deadlines;
    atomic_uint requests; /* under way */
    atomic_uint open; /* connections that libmicrohttpd has started */
    atomic_bool full; /* no connection could be taken, so that more is waited for */
    int more; /* an eventfd */
    struct http_budget budget; /* of their bodies and answers */
    struct http_places places; /* of connections */
    atomic_bool closing; /* answers close their connection */
    pthread_mutex_t mutex; /* recursive */
    struct http_hangups hangups; /* of suspended requests; guarded by mutex */
    bool on_loop; /* libmicrohttpd runs on the loop, not on threads of its own */
    struct ev_async resumed; /* wakes it there: a suspended request was answered */
    bool ending; /* no further request is suspended; guarded by mutex */
};

enum http_phase {
    HTTP_READING, /* its handler has not been called yet */
    HTTP_HANDLED, /* its handler is running */
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

/* A connection, as its requests see it. */
struct http_client {
    struct http_worker *worker; /* that serves it; borrowed */
    struct http_deadline deadline; /* for the handshake, and each part of a request */
    struct http_place place;
};

struct http_request {
    struct http_hangup hangup; /* first: a hang-up is cast to its request; listed while suspended */
    struct http_shared *shared; /* a reference */
    struct MHD_Connection *mhd;
    struct http_client *client; /* its connection; borrowed until it has ended */
    const struct http_route *route; /* NULL: see answer */
    bool begun; /* its headers were checked */
    bool last; /* its connection ends with its answer */
    /* guarded by the budget's mutex, until the handler is called */
    struct http_holding holding; /* the body; then the answer */
    char *body; /* owned */
    size_t length, allocated;
    bool lost; /* others needed the memory of the body, or of the answer */

    struct http_answer answer;
    const char *allow; /* the Allow header of a 405 */
    /* guarded by shared's mutex */
    enum http_phase phase;
    bool owed; /* the answer, by the handler, which was called */
    bool ended; /* libmicrohttpd has forgotten it */
    bool gone; /* the client hung up while it was suspended */
    void (*on_hangup)(void *user); /* or NULL */
    void *on_hangup_user;
};

/* Returns it zeroed except for its mutexes, the places for connections and the budget of bytes, with
 * one reference, owned by the caller. */
struct http_shared *http_shared_new(unsigned connections, size_t bytes);
void http_shared_unref(struct http_shared *shared);

/* A connection may be taken now that could not be before: wakes who accepts them. Any thread. */
void http_shared_wake(struct http_shared *shared);

/* Reports a bad connection or request to on_bad. */
void http_shared_bad(const struct http_shared *shared, const char *reason);

/* Creates a request when its first line has arrived. Owned by libmicrohttpd until
 * http_exchange_end. */
struct http_request *http_exchange_begin(
    struct http_shared *shared, struct MHD_Connection *mhd, struct http_client *client);

/* Checks the headers: finds the route, or decides on a refusal. Returns whether the refusal is sent
 * before the body is read, which closes the connection. */
bool http_exchange_head(
    struct http_request *request, const char *url, const char *method, const char *version);

/* Keeps a part of the body, or refuses the request. */
void http_exchange_part(struct http_request *request, const char *data, size_t size);

/* Called when the body is complete or a deferred answer is ready: calls the handler, or sends the
 * answer. */
enum MHD_Result http_exchange_answer(struct http_request *request);

/* libmicrohttpd forgets the request, which is freed when its handler owes no answer. */
void http_exchange_end(struct http_request *request);

/* Its handler has decided on the answer: frees the body, and counts the answer. */
void http_exchange_settle(struct http_request *request);

/* Lets libmicrohttpd continue with a suspended request; with the mutex held. */
void http_exchange_resume(struct http_request *request);

/* Frees it, with its reference to what is shared. */
void http_exchange_free(struct http_request *request);

/* Called when the server ends: tells all handlers that owe an answer, as if their clients had hung
 * up, and returns the connections to libmicrohttpd. No request is suspended after this. */
void http_exchange_abandon_all(struct http_shared *shared);

#endif
