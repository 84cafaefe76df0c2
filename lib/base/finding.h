/* Findings: all that a check has to say about one piece of input, errors and warnings, in the
 * order in which they were found. A check reports every fault, not just the first. */
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
    struct json_fault fault; /* within the value, when that is text that is no JSON */
};

struct findings {
    struct finding *items; /* owned */
    size_t count;
    size_t errors; /* how many of them are errors */
};

/* Adds one finding; pointer is copied. */
void findings_add(struct findings *findings, enum finding_severity severity, enum error_class class,
    const char *pointer, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Adds the error that the text at pointer is no JSON. Takes the error of json_parse_placed. */
void findings_add_fault(struct findings *findings, const char *pointer,
    const struct json_fault *fault, struct error *take_error);

/* Short forms: an ERROR_INPUT error, and a warning about input. */
#define findings_error(findings, pointer, ...)                                                     \
    findings_add(findings, FINDING_ERROR, ERROR_INPUT, pointer, __VA_ARGS__)
#define findings_warning(findings, pointer, ...)                                                   \
    findings_add(findings, FINDING_WARNING, ERROR_INPUT, pointer, __VA_ARGS__)

/* Whether there is an error at pointer or below it. */
bool findings_has_error_at(const struct findings *findings, const char *pointer);

/* A pointer as people write paths: "/0/hostPath/type" → "[0].hostPath.type"; keys that are no
 * plain names are quoted, and what a terminal could not print in them becomes \xNN: "/0/a.b" →
 * "[0][\"a.b\"]". Owned by the caller. */
char *finding_path(const char *pointer);

/* A finding as a sentence: "[0].hostPath.type: must be …". Owned by the caller. */
char *finding_text(const struct finding *finding);

/* How a finding reads in an error; the result is owned by the caller. */
typedef char *finding_describe(const void *user, const struct finding *finding);

/* Sets all errors among the findings as one input error, with "; " between them, each as describe
 * says (NULL: finding_text). Returns -1, or 0 when there is none among them. */
int findings_to_error(const struct findings *findings, finding_describe *describe, const void *user,
    struct error **err);

void findings_clear(struct findings *findings);

#endif
