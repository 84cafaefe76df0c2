/* A sidecar without a sandbox: its shim and hooks run as the user, with the environment of the
 * rendered container. A directory of its own, which HOOKLINE_ROOT names, has a link at the place of
 * each mount; $PATH finds the hooks that are mounted in it. */
#ifndef CLI_BARE_H
#define CLI_BARE_H

#include "cli/sidecar.h"

/* Makes the links below root, a directory that it creates. Returns the command line that runs the
 * sidecar, owned by the caller; empty with an error: a mount below another, which a link cannot
 * hold, or a colon in root or a --hook directory, which PATH cannot hold. */
struct cli_words cli_bare_command(const struct cli_sidecar *sidecar, const struct cli_mount *mounts,
    const char *root, struct error **err);

/* How a mount differs from the one in the container, for the user, or NULL if a hook cannot notice.
 * Owned by the caller. */
char *cli_bare_describe(const struct cli_sidecar *sidecar, const struct cli_mount *mount);

#endif
