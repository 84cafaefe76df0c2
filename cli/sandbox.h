/* In what the hooks run here: bubblewrap with a user namespace or, as root, without one; or nothing,
 * if the user says so. What works is found by trying it. */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "cli/session.h"
#include "cli/sidecar.h"

enum cli_sandbox {
    CLI_SANDBOX_USER_NAMESPACE,
    CLI_SANDBOX_MOUNT_NAMESPACE, /* without a user namespace; takes root */
    CLI_SANDBOX_NONE,
};

/* The values of --sandbox, NULL-terminated. */
#define CLI_SANDBOX_AUTO "auto" /* the first that works, but not none */
#define CLI_SANDBOX_BUBBLEWRAP "bubblewrap" /* the user namespace alone */
extern const char *const cli_sandbox_wishes[];

/* Chooses by a value of --sandbox, trying each. Returns 0, or -1 with an io error that says what to
 * do, and why none of them works, or ERROR_CANCELED. */
int cli_sandbox_choose(
    struct cli_session *session, const char *wish, enum cli_sandbox *out, struct error **err);

/* The command line that runs a sidecar with its mounts, which may be changed; root is its directory
 * without a sandbox. Owned by the caller; empty with an error. */
struct cli_words cli_sandbox_command(enum cli_sandbox sandbox, const struct cli_sidecar *sidecar,
    struct cli_mount *mounts, const char *root, struct error **err);

#endif
