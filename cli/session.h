/* One run of hooks: the sidecars in their sandboxes as child processes, and a manager that calls
 * them. Its functions run the event loop until they are done, so that a caller reads from top to
 * bottom; SIGINT, SIGTERM, SIGHUP and SIGQUIT end whichever is under way. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "manager/manager.h"

struct cli_session_options {
    /* Lines of a sidecar's standard error as they come; or NULL. */
    void (*on_line)(void *user, const char *sidecar, const char *line);
    void (*on_tick)(void *user); /* ten times a second while something is under way; or NULL */
    void *user;
};

struct cli_session;

/* A session without sidecars. Owned by the caller, until cli_session_end; NULL with an error. */
struct cli_session *cli_session_new(const struct cli_session_options *options, struct error **err);

/* Starts a sidecar by its command line. name is copied. Returns 0, or -1 with an error that says
 * what is missing. */
int cli_session_start(
    struct cli_session *session, const char *name, const char *const *command, struct error **err);

/* The manager's operations, awaited. Collecting comes first; its options are borrowed until the
 * end. Each returns 0, or -1 with an error: what the manager says,
 * that a sidecar's process ended before it could answer, or ERROR_CANCELED. *output, owned by the
 * caller, is set in any case where there is something: on failure it is the document before the
 * hop that failed. */
int cli_session_collect(
    struct cli_session *session, const struct manager_options *options, struct error **err);
int cli_session_chain(struct cli_session *session, enum hooks_point hook, struct bytes document,
    const char *vmi, char **output, size_t *output_length, struct error **err);

/* Holds those signals back, while it is being cleaned up, or lets them go. */
void cli_session_hold_signals(bool hold);

/* Ends all sidecars with everything that runs in their sandboxes, and frees. NULL is allowed. */
void cli_session_end(struct cli_session *session);

#endif
