/* Why a request failed: the API server's Status, or no answer at all. */
#ifndef KUBE_STATUS_H
#define KUBE_STATUS_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

enum kube_reason {
    KUBE_UNREACHABLE, /* no answer: connection, TLS, time-out, or an answer that is not JSON */
    KUBE_CANCELED,
    KUBE_BAD_REQUEST,
    KUBE_UNAUTHORIZED,
    KUBE_FORBIDDEN,
    KUBE_NOT_FOUND,
    KUBE_ALREADY_EXISTS,
    KUBE_CONFLICT,
    KUBE_EXPIRED, /* 410: the resourceVersion or continue token is too old */
    KUBE_INVALID, /* 422; see causes */
    KUBE_TOO_LARGE, /* 413 */
    KUBE_TOO_MANY_REQUESTS,
    KUBE_SERVER_ERROR, /* 5xx */
    KUBE_OTHER,
};

struct kube_failure {
    enum kube_reason reason;
    int code; /* HTTP status; 0: no answer */
    char *message; /* a sentence that names the request: "create pods default/a: …"; owned */
    json_t *causes; /* details.causes of the Status, or NULL; owned */
    int64_t retry_after_ms; /* from Retry-After or details.retryAfterSeconds; -1: not given */
};

/* The failure in an answer. what is the request in words ("get pods default/a"); body is the
 * answer's JSON or NULL; retry_after the seconds of the Retry-After header, 0 if there is none.
 * Owned by the caller. */
struct kube_failure *kube_failure_from_answer(
    const char *what, int code, const json_t *body, int64_t retry_after);

/* A failure that this side found; the message is what, ": " and the formatted text. Owned by the
 * caller. */
struct kube_failure *kube_failure_new(const char *what, enum kube_reason reason, int code,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The failure of a request that got no answer. Owned by the caller. */
struct kube_failure *kube_failure_unreachable(const char *what, const char *why);

/* "NotFound", "Conflict", … as the API server spells them; "Unreachable". Static. */
const char *kube_reason_name(enum kube_reason reason);

void kube_failure_free(struct kube_failure *failure); /* NULL is allowed */

DEFINE_CLEANUP(kube_failure, struct kube_failure *, kube_failure_free);
#define auto_kube_failure auto_cleanup(kube_failure)

#endif
