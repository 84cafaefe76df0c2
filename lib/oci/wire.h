/* HTTP to a registry and to whom it refers, one request at a time. Each call runs the event loop
 * until the request is done, so that its callers read from top to bottom. */
#ifndef OCI_WIRE_H
#define OCI_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/client.h"
#include "oci/challenge.h"
#include "oci/sink.h"

struct oci_wire; /* opaque */

enum { OCI_WIRE_RETRIES = 4, OCI_WIRE_LONGEST_PAUSE_S = 60 };

struct oci_wire_options {
    const char
        *ca_file; /* PEM; trusted in place of the system's, for all hosts; NULL: the system's */
    bool plain_http; /* http:// is allowed to hosts other than this machine */
    int64_t stall_ms; /* for how long a peer may be silent; 0: for ever */
    const char *user_agent;
    /* Called when a request begins and ten times a second during it and pauses: how much of its body has been sent, or of the
     * answer has come. NULL: not called. */
    void (*on_tick)(void *user, uint64_t bytes);
    void *user;
};

struct oci_request {
    const char *method;
    const char *url; /* absolute */
    const char *accept; /* NULL: any */
    const char *const *headers; /* as in struct http_transfer_options; or NULL */
    const char *body; /* or NULL */
    const struct http_file *file; /* or NULL */
    size_t length; /* of the body */
    const char *content_type; /* of the body */
    const struct http_identity *identity; /* or NULL */
    size_t limit; /* bytes of the answer's body, if it is collected */
    const struct oci_sink *sink; /* takes the body of a 2xx answer; NULL: it is collected */
    bool once; /* not made again when the server is busy */
};

/* All owned. */
struct oci_answer {
    int code; /* 0: none */
    bool not_sent; /* no connection was made */
    char *body; /* zero-terminated */
    size_t length;
    char *content_type; /* "" if not given */
    char *location; /* or NULL, as the two below */
    char *digest; /* Docker-Content-Digest */
    char *content_length;
    int64_t retry_after; /* seconds; 0: not given */
    struct oci_challenge challenge;
};

/* The options' strings are borrowed as long as it lives. Owned by the caller. */
struct oci_wire *oci_wire_new(const struct oci_wire_options *options);
void oci_wire_free(struct oci_wire *wire); /* NULL is allowed */

/* Whether a URL may be used: https, or http to this machine or where it was allowed. Returns 0, or
 * -1 with a policy error. */
int oci_wire_allow(const struct oci_wire *wire, const char *url, struct error **err);

/* Makes a request and waits for its answer, whatever its code; follows no redirect. A busy server (429,
 * 503) is asked up to OCI_WIRE_RETRIES times more, after what its Retry-After says, or else 1, 2, 4 and
 * 8 s; not if that is longer than OCI_WIRE_LONGEST_PAUSE_S. Returns 0, or -1 with an error: remote, timeout, canceled, policy, or that of the sink. *answer is for
 * oci_answer_clear either way. */
int oci_wire_call(struct oci_wire *wire, const struct oci_request *request,
    struct oci_answer *answer, struct error **err);

/* Ends the request that runs, and all later ones, with a canceled error. May be called from
 * anything that the event loop calls, such as a watcher of signals. */
void oci_wire_cancel(struct oci_wire *wire);

void oci_answer_clear(struct oci_answer *answer); /* overwrites the body */

/* Whether the server has refused because it has too much to do at the moment. */
bool oci_answer_is_busy(const struct oci_answer *answer);

/* The error for an answer whose code was not expected: it has the registry's own words. what says
 * what was being done. Policy for 401 and 403, input for 404, else remote. Returns -1. */
int oci_answer_refuse(const struct oci_answer *answer, const char *what, struct error **err);

#endif
