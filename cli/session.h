/* One run of hooks: the sidecars in their sandboxes as child processes, and a manager that calls
 * them. Its functions run the event loop until they are done, so that callers read from top to
 * bottom; SIGINT, SIGTERM, SIGHUP or SIGQUIT ends the running one. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manager/manager.h"

struct cli_session_options {
    /* Lines of a sidecar's standard error as they come; or NULL. */
    void (*on_line)(void *user, const char *sidecar, const char *line);
    void (*on_tick)(void *user); /* ten times a second during an operation; or NULL */
    void *user;
};

struct cli_session;

/* A session without sidecars. Owned by the caller, until cli_session_end; NULL with an error. */
struct cli_session *cli_session_new(const struct cli_session_options *options, struct error **err);

/* Starts a sidecar by its command line. name is copied. Returns 0, or -1 with an io
 * error. */
int cli_session_start(
    struct cli_session *session, const char *name, const char *const *command, struct error **err);

/* Runs a command, which errors call what, until it ends, to see whether it succeeds; after timeout_ms
 * it is killed. Returns 0 with *refusal, owned by the caller: why it did not succeed, or NULL; or -1
 * with ERROR_CANCELED. */
int cli_session_try(struct cli_session *session, const char *what, const char *const *command,
    int64_t timeout_ms, char **refusal, struct error **err);

/* The manager's operations, run to their end. Collecting comes first; its options are borrowed
 * until cli_session_end. Each returns 0, or -1 with an error: the manager's, that a sidecar's
 * process ended before it was ready, or ERROR_CANCELED. *output is owned by the caller; on failure
 * it is the document before the failed hop, or NULL. */
int cli_session_collect(
    struct cli_session *session, const struct manager_options *options, struct error **err);
int cli_session_chain(struct cli_session *session, enum hooks_point hook, struct bytes document,
    const char *vmi, char **output, size_t *output_length, struct error **err);

/* Blocks those signals, during the cleanup, or unblocks them. */
void cli_session_hold_signals(bool hold);

/* Ends all sidecars with everything that runs in their sandboxes, and frees. NULL is allowed. */
void cli_session_end(struct cli_session *session);

#endif
