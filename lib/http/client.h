/* A client for one HTTP server, over TCP or a unix socket, on libev's default loop: HTTP/2 if the
 * server offers it, connections kept alive, TLS 1.2 or newer. Callbacks may start and cancel any
 * transfer. HTTPS_PROXY, HTTP_PROXY and NO_PROXY apply if the target names no proxy. A program that
 * has a client must ignore SIGPIPE. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/target.h"

struct http_client;
struct http_transfer;

/* How a transfer failed. */
enum http_fault {
    HTTP_FAULT_NONE, /* the answer is complete; that of a refusal may be cut at 64 KiB */
    HTTP_FAULT_NOT_SENT, /* no connection was made: the server has seen nothing */
    HTTP_FAULT_BROKEN, /* the connection broke or timed out; the server may have acted */
    HTTP_FAULT_REFUSED, /* a retry would fail, too: the certificate is not trusted */
    HTTP_FAULT_TOO_LARGE, /* the answer is over the limit */
};

/* The outcome of a transfer; valid during the callback. */
struct http_outcome {
    enum http_fault fault;
    const char *why; /* describes the fault */
    int code; /* HTTP status; 0: no answer */
    const char *content_type; /* "": not given */
    const char *body; /* what was collected, zero-terminated */
    size_t length;
    int64_t retry_after; /* seconds; 0: not given */
    double seconds; /* until the whole answer, the first byte of a stream, or the fault */
    bool timed_out; /* the fault is that too much time passed */
    struct http_transfer *transfer; /* for http_transfer_header; not to be canceled */
};

/* Bytes of a file, read from their offset, which the file's own position does not matter for. */
struct http_file {
    int fd; /* borrowed until the transfer ends */
    int64_t offset;
};

struct http_transfer_options {
    const char *method; /* "GET", "HEAD", "POST", "DELETE", … */
    const char *path; /* with its query; below the path of the target */
    const char *accept; /* the content type of the answer; NULL: any */
    const char *const *headers; /* more of them, "Name: value", ended by NULL; or NULL; copied */
    const char *body; /* or NULL; copied; with any method but HEAD */
    const struct http_file *file; /* the body's bytes, in place of body; or NULL; copied */
    size_t length; /* of the body */
    const char *content_type; /* of the body */
    const struct http_identity *identity; /* copied; or NULL */
    int64_t timeout_ms; /* 0: none */
    int64_t stall_ms; /* for how long no byte may come or go; 0: for ever */
    size_t limit; /* bytes of the answer's body, decompressed */
    /* Called with each piece of the body of a 2xx answer, which is then not collected. NULL: it is
     * collected. May cancel the transfer. */
    void (*on_data)(void *user, const char *data, size_t length);
    void (*on_done)(void *user, const struct http_outcome *outcome); /* once */
    void *user;
};

/* The target's strings are borrowed as long as the client lives. Returns the client, owned by the
 * caller, or NULL with an error that says what is wrong with the target. */
struct http_client *http_client_new(
    const struct http_target *target, const char *user_agent, struct error **err);

/* Ends all transfers without callbacks. Must not be called from a callback. NULL is allowed. */
void http_client_free(struct http_client *client);

/* Starts a transfer, which ends with on_done, called from the loop, or http_transfer_cancel.
 * Returns it, or NULL with an error if libcurl cannot do what the target says. */
struct http_transfer *http_client_start(
    struct http_client *client, const struct http_transfer_options *options, struct error **err);

/* How much of the body has been sent. */
uint64_t http_transfer_sent(const struct http_transfer *transfer);

/* The value of a header of the answer, the index-th of those with that name, or NULL if there are
 * not so many. Borrowed until the transfer ends. The names' letter case does not matter. */
const char *http_transfer_header(
    const struct http_transfer *transfer, const char *name, size_t index);

/* Ends a transfer without a callback. May be called from its callbacks. */
void http_transfer_cancel(struct http_transfer *transfer);

#endif
