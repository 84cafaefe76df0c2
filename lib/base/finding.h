/* Findings: the errors and warnings of a check of one piece of input, in the order in which they
 * were found. A check reports every fault, not just the first. */
#ifndef BASE_FINDING_H
#define BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

enum finding_severity { FINDING_WARNING, FINDING_ERROR };

struct finding {
    enum finding_severity severity;
    enum error_class class; /* ERROR_INPUT or ERROR_POLICY */
    char *pointer; /* JSON Pointer (RFC 6901) of the value: "/0/hostPath/type"; owned */
    char *message; /* what is wrong, what would be right; owned */
    struct json_fault fault; /* within the value, if that is text that is not JSON */
};

/* Findings of one severity that are kept; further ones are only counted. Far more than is ever
 * shown, because a tenant decides how many there are. */
enum { FINDINGS_KEPT_MAX = 1000 };

struct findings {
    struct finding *items; /* those that are kept; owned */
    size_t count; /* of the items */
    size_t errors; /* how many were found, kept or not */
    size_t warnings; /* likewise */
};

/* Whether another finding of this severity would only be counted. Its message need not be made
 * then. */
bool findings_is_full(const struct findings *findings, enum finding_severity severity);

/* How many findings of this severity were not kept. */
size_t findings_left_out(const struct findings *findings, enum finding_severity severity);

/* Adds one finding, or counts it; pointer is copied. */
void findings_add(struct findings *findings, enum finding_severity severity, enum error_class class,
    const char *pointer, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Adds an error: the text at pointer is not JSON. Takes ownership of the error of
 * json_parse_placed. */
void findings_add_fault(struct findings *findings, const char *pointer,
    const struct json_fault *fault, struct error *take_error);

/* Short forms: an ERROR_INPUT error, and a warning about input. */
#define findings_error(findings, pointer, ...)                                                     \
    findings_add(findings, FINDING_ERROR, ERROR_INPUT, pointer, __VA_ARGS__)
#define findings_warning(findings, pointer, ...)                                                   \
    findings_add(findings, FINDING_WARNING, ERROR_INPUT, pointer, __VA_ARGS__)

/* Whether there is an error at pointer or below it among the items from index first on. Where
 * errors were not kept, there may be one: the answer is yes. */
bool findings_has_error_at(const struct findings *findings, size_t first, const char *pointer);

/* Returns a pointer in the usual notation of paths: "/0/hostPath/type" → "[0].hostPath.type". Keys
 * that are not plain names are quoted, and bytes that a terminal cannot print become \xNN: "/0/a.b"
 * → "[0][\"a.b\"]". Owned by the caller. */
char *finding_path(const char *pointer);

/* A finding as a sentence: "[0].hostPath.type: must be …". Owned by the caller. */
char *finding_text(const struct finding *finding);

/* Describes a finding for an error message; the result is owned by the caller. */
typedef char *finding_describe(const void *user, const struct finding *finding);

/* The limits of an error with many findings, because a tenant decides how many there are: it goes
 * into logs and conditions. Source of the second: Kubernetes API, metav1.Condition, its message. */
enum {
    FINDINGS_SHOWN_MAX = 100,
    FINDINGS_MESSAGE_MAX_BYTES = 32768,
};

/* Sets *err to one input error with the errors among the findings, each in the words of describe
 * (NULL: finding_text), joined by "; ". Within the limits above it has all of them; otherwise it
 * ends with "; and N more", and a text that is too long ends with "…". describe is not called for
 * those left out. Returns -1, or 0 if there are no errors. */
int findings_to_error(const struct findings *findings, finding_describe *describe, const void *user,
    struct error **err);

void findings_clear(struct findings *findings);

#endif
