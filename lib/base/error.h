/* What went wrong, in words for a person and as a class for a program.
 *
 * A function that can fail takes struct error **err last and returns -1 or NULL. err may be NULL if
 * the caller does not care; otherwise *err must be NULL before the call, and a failing call sets
 * it. The caller owns the error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/memory.h"

enum error_class {
    ERROR_INTERNAL, /* a bug or a broken installation */
    ERROR_USAGE, /* wrong flags or arguments */
    ERROR_INPUT, /* the input data is wrong */
    ERROR_POLICY, /* the data is valid, but not allowed here */
    ERROR_IO, /* the operating system refused: files, processes, sockets */
    ERROR_REMOTE, /* a peer answered with a failure, or went away */
    ERROR_TIMEOUT, /* a deadline passed */
    ERROR_CANCELED, /* the caller canceled it */
};

struct error {
    enum error_class class;
    int errnum; /* the errno that caused it, or 0 */
    char *message;
};

/* Sets *err to a new error and returns -1. The message says what was being done to which thing, and
 * has no final newline. */
int error_set(struct error **err, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for the current errno: class ERROR_IO, ": " and the text of errno are appended. */
int error_set_errno(struct error **err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prepends context and ": " to the message of *err, which is set. Returns -1. */
int error_wrap(struct error **err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves from, which may be NULL, to *to; frees it when to is NULL. Returns -1. */
int error_move(struct error **to, struct error *from);

/* The name of a class, as in JSON output: "usage", "input", … Static. */
const char *error_class_name(enum error_class class);

/* The exit status that every binary of the project uses for a class: input and policy 1, usage 2,
 * io 3, remote 4, timeout 5, internal and canceled 6. */
int error_exit_status(enum error_class class);

void error_free(struct error *error); /* NULL is allowed */

DEFINE_CLEANUP(error, struct error *, error_free);
#define auto_error auto_cleanup(error)

#endif
