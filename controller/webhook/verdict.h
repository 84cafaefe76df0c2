/* The verdict on an object under review: errors as causes, warnings, and the AdmissionReview that
 * says it all. A denial has at most 100 causes, and counts the others; warnings are kept within what
 * the API server passes on. */
#ifndef CONTROLLER_WEBHOOK_VERDICT_H
#define CONTROLLER_WEBHOOK_VERDICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "controller/webhook/admission.h"
#include "controller/webhook/outcome.h"

enum {
    /* What the API server passes on uncut: it may truncate warnings over 256 characters, and drops
     * them over 4096 in total. (It asks for 120, which ours keep to unless they quote long values.)
     * Source: Kubernetes, "Dynamic Admission Control", the response's warnings. */
    CONTROLLER_VERDICT_WARNING_BYTES = 256,
    CONTROLLER_VERDICT_WARNINGS_BYTES = 4096,
};

struct controller_verdict {
    enum controller_review_outcome outcome; /* so far; once denied, it stays denied */
    json_t *causes; /* owned; the errors, as Kubernetes' StatusCause */
    size_t more_causes; /* number of further errors, which are left out */
    json_t *warnings; /* owned; strings */
    size_t said; /* bytes of the warnings */
    size_t unsaid; /* number of further warnings, which are left out */
    const char *more; /* with %zu, about the warnings that were left out; static */
};

/* An empty verdict: untouched. more is static. */
void controller_verdict_init(struct controller_verdict *verdict, const char *more);
void controller_verdict_clear(struct controller_verdict *verdict);

bool controller_verdict_is_denied(const struct controller_verdict *verdict);

/* Denies. class is ERROR_POLICY for what is valid but not allowed here, ERROR_REMOTE or
 * ERROR_TIMEOUT for what could not be found out, and ERROR_INPUT for all else; field is the path
 * within the object, as Kubernetes writes it, or "". */
void controller_verdict_deny(struct controller_verdict *verdict, enum error_class class,
    const char *field, const char *message);

/* Denies what could not be processed even without a cause, so that it does not pass by mistake. */
void controller_verdict_deny_anyway(struct controller_verdict *verdict);

/* Warns; a text that is too long is cut. */
void controller_verdict_warn(struct controller_verdict *verdict, const char *text);

/* The AdmissionReview with the response; patch may be NULL. A denial has code 422 and reason
 * Invalid, or 403 and Forbidden if all its causes are of ERROR_POLICY, or 503 and
 * ServiceUnavailable; every error is in its message, one per line, and a cause with its field. New
 * reference. */
json_t *controller_verdict_respond(struct controller_verdict *verdict,
    const struct controller_admission *admission, const json_t *patch);

#endif
