/* HTTP exchanges with one server, which may listen on a unix socket, on the default loop of libev:
 * HTTP/2 where the server offers it, connections kept alive, TLS 1.2 or newer. Callbacks may start
 * and cancel transfers as they like. HTTPS_PROXY, HTTP_PROXY and NO_PROXY count where the target
 * names no proxy. A program that has a client ignores SIGPIPE. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/target.h"

struct http_client;
struct http_transfer;

/* How a transfer failed. */
enum http_fault {
    HTTP_FAULT_NONE, /* an answer came whole */
    HTTP_FAULT_NOT_SENT, /* no connection came about: the server has seen nothing */
    HTTP_FAULT_BROKEN, /* the connection broke or the time was over; the server may have acted */
    HTTP_FAULT_REFUSED, /* another try would end alike: a certificate that is not trusted */
    HTTP_FAULT_TOO_LARGE, /* the answer is over the limit */
};

/* What came of a transfer; valid during the callback. */
struct http_outcome {
    enum http_fault fault;
    const char *why; /* of a fault, in words */
    int code; /* of HTTP; 0: none came */
    const char *content_type; /* "": not said */
    const char *body; /* what was collected, with a zero byte behind it */
    size_t length;
    int64_t retry_after; /* seconds; 0: not said */
    double seconds; /* until the whole answer, the first byte of a stream, or the fault */
};

struct http_transfer_options {
    const char *method; /* "GET", "POST", "DELETE", …; not "HEAD" */
    const char *path; /* with its query; below the path of the target */
    const char *accept; /* the type of the answer; or NULL: any */
    const char *body; /* or NULL; copied; with any method */
    size_t length;
    const char *content_type; /* of the body */
    const struct http_identity *identity; /* copied; or NULL */
    int64_t timeout_ms; /* 0: none */
    size_t limit; /* of the body of the answer, once it is unpacked */
    /* A piece of a body with a code of 2xx, as it comes: it is not collected then. NULL: it is.
     * May cancel the transfer. */
    void (*on_data)(void *user, const char *data, size_t length);
    void (*on_done)(void *user, const struct http_outcome *outcome); /* once */
    void *user;
};

/* The target's strings are borrowed as long as the client lives. Returns it, owned by the caller,
 * or NULL with an error about what of the target is wrong. */
struct http_client *http_client_new(
    const struct http_target *target, const char *user_agent, struct error **err);

/* Ends all transfers without callbacks. Not from a callback. NULL is allowed. */
void http_client_free(struct http_client *client);

/* Starts a transfer, which ends with on_done, from the loop, or http_transfer_cancel. Returns it,
 * or NULL with an error: libcurl cannot do what the target says. */
struct http_transfer *http_client_start(
    struct http_client *client, const struct http_transfer_options *options, struct error **err);

/* Ends it without a callback. May come from its own callbacks. */
void http_transfer_cancel(struct http_transfer *transfer);

#endif
