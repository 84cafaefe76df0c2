#include "kube/status.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

enum { LONGEST_RETRY_AFTER_S = 24 * 3600, LONGEST_MESSAGE = 4096 };

/* The API server's names of its reasons; where two are the same to us, our name comes first.
 * Source: k8s.io/apimachinery, meta/v1, StatusReason. */
static const struct {
    const char *name;
    enum kube_reason reason;
} reasons[] = {
    {"Unreachable", KUBE_UNREACHABLE},
    {"Canceled", KUBE_CANCELED},
    {"BadRequest", KUBE_BAD_REQUEST},
    {"Unauthorized", KUBE_UNAUTHORIZED},
    {"Forbidden", KUBE_FORBIDDEN},
    {"NotFound", KUBE_NOT_FOUND},
    {"AlreadyExists", KUBE_ALREADY_EXISTS},
    {"Conflict", KUBE_CONFLICT},
    {"Expired", KUBE_EXPIRED},
    {"Gone", KUBE_EXPIRED},
    {"Invalid", KUBE_INVALID},
    {"RequestEntityTooLarge", KUBE_TOO_LARGE},
    {"TooManyRequests", KUBE_TOO_MANY_REQUESTS},
    {"InternalError", KUBE_SERVER_ERROR},
    {"ServerTimeout", KUBE_SERVER_ERROR},
    {"Timeout", KUBE_SERVER_ERROR},
    {"ServiceUnavailable", KUBE_SERVER_ERROR},
    {"Unknown", KUBE_OTHER},
};

const char *kube_reason_name(enum kube_reason reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        if (reasons[i].reason == reason)
            return reasons[i].name;
    }
    return "Unknown";
}

static enum kube_reason reason_of_code(int code)
{
    switch (code) {
    case 400:
        return KUBE_BAD_REQUEST;
    case 401:
        return KUBE_UNAUTHORIZED;
    case 403:
        return KUBE_FORBIDDEN;
    case 404:
        return KUBE_NOT_FOUND;
    case 409:
        return KUBE_CONFLICT;
    case 410:
        return KUBE_EXPIRED;
    case 413:
        return KUBE_TOO_LARGE;
    case 422:
        return KUBE_INVALID;
    case 429:
        return KUBE_TOO_MANY_REQUESTS;
    default:
        return code >= 500 && code <= 599 ? KUBE_SERVER_ERROR : KUBE_OTHER;
    }
}

/* The reason in a Status, if we know it, else that of the HTTP status code. */
static enum kube_reason reason_of_answer(int code, const json_t *body)
{
    const char *name = text_or(json_get_string(body, "reason"), "");
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        bool is_ours = reasons[i].reason == KUBE_UNREACHABLE || reasons[i].reason == KUBE_CANCELED;
        if (!is_ours && reasons[i].reason != KUBE_OTHER && streq(name, reasons[i].name))
            return reasons[i].reason;
    }
    return reason_of_code(code);
}

static int64_t retry_after_ms(const json_t *details, int64_t header_seconds)
{
    json_int_t seconds = header_seconds;
    if (seconds <= 0)
        seconds = json_integer_value(json_object_get(details, "retryAfterSeconds"));
    if (seconds <= 0)
        return -1;
    return (seconds < LONGEST_RETRY_AFTER_S ? seconds : LONGEST_RETRY_AFTER_S) * 1000;
}

struct kube_failure *kube_failure_from_answer(
    const char *what, int code, const json_t *body, int64_t retry_after)
{
    const json_t *details = json_object_get(body, "details");
    json_t *causes = json_object_get(details, "causes");
    const json_t *message = json_object_get(body, "message");
    auto_free char *shown = text_printable(
        text_or(json_string_value(message), ""), json_string_length(message), LONGEST_MESSAGE);

    struct kube_failure *failure =
        shown[0] != '\0' ? kube_failure_new(what, reason_of_answer(code, body), code, "%s", shown)
                         : kube_failure_new(what, reason_of_answer(code, body), code,
                               "the server answered %d", code);
    failure->causes = json_is_array(causes) ? json_incref(causes) : NULL;
    failure->retry_after_ms = retry_after_ms(details, retry_after);
    return failure;
}

struct kube_failure *kube_failure_new(
    const char *what, enum kube_reason reason, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    struct kube_failure *failure = xmalloc(sizeof(*failure));
    *failure = (struct kube_failure){
        .reason = reason,
        .code = code,
        .message = xasprintf("%s: %s", what, message),
        .retry_after_ms = -1,
    };
    return failure;
}

struct kube_failure *kube_failure_unreachable(const char *what, const char *why)
{
    return kube_failure_new(what, KUBE_UNREACHABLE, 0, "%s", why);
}

void kube_failure_free(struct kube_failure *failure)
{
    if (failure == NULL)
        return;
    free(failure->message);
    json_decref(failure->causes);
    free(failure);
}
