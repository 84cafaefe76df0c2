/* HTTP exchanges with one server by libcurl's multi interface on the default loop of libev. Nothing
 * of its callers is called from inside libcurl, so that their callbacks may start and cancel
 * transfers as they like. */
#ifndef KUBE_TRANSPORT_H
#define KUBE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kube/config.h"

struct kube_transport;
struct kube_transfer;

/* Who we are, for one transfer. All of it may be NULL, is borrowed, and copied. */
struct kube_identity {
    const char *token;
    const char *username, *password;
    const char *certificate, *key; /* PEM; else the files of the configuration, if any */
};

/* How a transfer failed. */
enum kube_fault {
    KUBE_FAULT_NONE, /* an answer came whole */
    KUBE_FAULT_NOT_SENT, /* no connection came about: the server has seen nothing */
    KUBE_FAULT_BROKEN, /* the connection broke or the time was over; the server may have acted */
    KUBE_FAULT_REFUSED, /* another try would end alike: a certificate that is not trusted */
    KUBE_FAULT_TOO_LARGE, /* the answer is over the limit */
};

/* What came of a transfer; valid during the callback. */
struct kube_outcome {
    enum kube_fault fault;
    const char *why; /* of a fault, in words */
    int code; /* of HTTP; 0: none came */
    const char *body; /* what was collected, with a zero byte behind it */
    size_t length;
    bool is_json; /* as Content-Type says */
    int64_t retry_after; /* seconds; 0: not said */
    double seconds; /* until the whole answer, the first byte of a stream, or the fault */
};

struct kube_transfer_options {
    const char *method;
    const char *path; /* with its query; below the path of the server */
    const char *body; /* or NULL; copied */
    size_t length;
    const char *content_type; /* of the body */
    const struct kube_identity *identity;
    int64_t timeout_ms; /* 0: none */
    size_t limit; /* of the body of the answer, once it is unpacked */
    /* A piece of a body with a code of 2xx, as it comes: it is not collected then. NULL: it is.
     * May cancel the transfer. */
    void (*on_data)(void *user, const char *data, size_t length);
    void (*on_done)(void *user, const struct kube_outcome *outcome); /* once */
    void *user;
};

/* config is borrowed as long as the transport lives. Returns it, owned by the caller, or NULL with
 * an error about what of the configuration is wrong. */
struct kube_transport *kube_transport_new(
    const struct kube_config *config, const char *user_agent, struct error **err);

/* Ends all transfers without callbacks. Not from a callback. NULL is allowed. */
void kube_transport_free(struct kube_transport *transport);

/* Starts a transfer, which ends with on_done, from the loop, or kube_transfer_cancel. Returns it,
 * or NULL with an error: libcurl cannot do what the configuration says. */
struct kube_transfer *kube_transfer_start(struct kube_transport *transport,
    const struct kube_transfer_options *options, struct error **err);

/* Ends it without a callback. May come from its own callbacks. */
void kube_transfer_cancel(struct kube_transfer *transfer);

#endif
