/* One run of a subcommand: its inputs, a manager, log lines and timings. It is never freed:
 * shutting gRPC's core down in order takes longer than collecting, and the end of the process
 * closes everything anyway. */
#ifndef MANAGER_SESSION_H
#define MANAGER_SESSION_H

#include "manager/blocking.h"
#include "manager/flags.h"

struct manager_session {
    const struct manager_flags *flags;
    struct manager_timings *timings;
    struct annotations_list *list; /* NULL: none was given */
    struct domain_schema *schema; /* NULL: none was given */
    char *vmi;
    size_t vmi_length;
    struct manager_blocking *blocking;
};

/* Reads the files that the flags name. *options, which borrow from the session, are for a
 * subcommand that creates its own manager. Returns 0, or -1 with an error; call manager_session_end
 * either way. */
int manager_session_read(struct manager_session *session, const char *command,
    const struct manager_flags *flags, struct manager_options *options, struct error **err);

/* Calls manager_session_read and creates a manager. present_only is as in manager_options. */
int manager_session_begin(struct manager_session *session, const char *command,
    const struct manager_flags *flags, bool present_only, struct error **err);

/* Collects the sidecars. Returns 0, or -1 with an error. */
int manager_session_collect(struct manager_session *session, struct error **err);

/* The rest of a subcommand that chains a document: reads it from standard input, collects, chains
 * it, and writes the result to standard output. name names the document in messages. Returns 0, or
 * -1 with an error and nothing written. */
int manager_session_chain(
    struct manager_session *session, enum hooks_point hook, const char *name, struct error **err);

/* Writes to standard output. Returns 0, or -1 with an io error. */
int manager_session_print(const char *data, size_t length, struct error **err);

/* Logs take_error, if there is one, and appends the timings. Returns the exit status. */
int manager_session_end(struct manager_session *session, struct error *take_error);

#endif
