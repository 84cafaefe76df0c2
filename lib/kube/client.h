/* A client for one Kubernetes API server, with libcurl's multi interface on libev's default loop:
 * HTTP/2 if the server offers it, connections kept alive, gzip, TLS 1.2 or newer.
 *
 * Idempotent requests (get, list, delete with preconditions, apply, patches and updates that carry
 * a resourceVersion) are retried with jittered backoff after 5xx and connection errors; every
 * request is retried after 429, as Retry-After says, and when no connection could be made. A token
 * bucket enforces qps and burst.
 *
 * A program that has a client must ignore SIGPIPE. HTTPS_PROXY, HTTP_PROXY and NO_PROXY apply if
 * the configuration names no proxy. */
#ifndef KUBE_CLIENT_H
#define KUBE_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kube/config.h"
#include "kube/request.h"
#include "kube/resource.h"
#include "kube/status.h"

struct kube_client;
struct kube_call;
struct kube_session;

/* Called for every answer, for metrics: verb is "get", "list", "watch", "create", …; code 0: no
 * answer. */
typedef void kube_observe(void *user, const char *verb, int code, double seconds);

/* Called with a log message about a problem that is handled here: a watch that starts over, an
 * object that is skipped, an event that could not be written. */
typedef void kube_warn(void *user, const char *message);

struct kube_client_options {
    const char *user_agent; /* "hook-controller/1.0"; not NULL */
    double qps; /* requests per second, on average; 0: 50 */
    int burst; /* requests at once; 0: 100 */
    int64_t timeout_ms; /* of one try of a request other than a watch; 0: 30 s */
    int retries; /* 0: 5, -1: none */
    kube_observe *observe; /* or NULL */
    kube_warn *warn; /* or NULL */
    void *user;
};

/* Returns the client, owned by the caller, or NULL with an error. Copies what it needs of
 * config. */
struct kube_client *kube_client_new(const struct kube_config *config,
    const struct kube_client_options *options, struct error **err);

/* Cancels all calls and watches without callbacks. Must not be called from a callback of a call or
 * watch: end the loop first. NULL is allowed. */
void kube_client_free(struct kube_client *client);

/* Passes a warning to the client's warn, for the other files of this room. */
void kube_client_warn(struct kube_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What the client's exchanges share, for the other files of this room. Borrowed. */
struct kube_session *kube_client_session(struct kube_client *client);

/* The result of a call; valid during the callback. Exactly one of body and failure is set, or
 * neither if the request wanted no body. */
struct kube_answer {
    int code;
    json_t *body; /* json_incref it to keep it */
    const struct kube_failure *failure;
};

typedef void kube_done(void *user, const struct kube_answer *answer);

/* Starts a request. done is called once, from the loop, unless the call is cancelled; it may start
 * and cancel any call. Returns the call, which is freed when done has returned. */
struct kube_call *kube_call_start(
    struct kube_client *client, const struct kube_request *request, kube_done *done, void *user);

/* Cancels the call: done is not called. The server may still carry out the request. */
void kube_call_cancel(struct kube_call *call);

#endif
