/* A sidecar's container as a bubblewrap sandbox: the host's /usr as its image, the mounts and the
 * environment of the rendered container, no network, and our sidecar-shim as process 1. With a user
 * namespace, the hook sees the container's user. Without one, which takes root, it is root without
 * capabilities. Source: bwrap(1), mount_namespaces(7). */
#ifndef CLI_BUBBLEWRAP_H
#define CLI_BUBBLEWRAP_H

#include <stdbool.h>

#include "cli/sidecar.h"

/* The command line that runs a sidecar. Takes the mounts to where they take effect (/bin/x is
 * /usr/bin/x). Owned by the caller; empty with an input error for a mount that would hide what the
 * sandbox needs, or that has no mount point in what it is mounted on. */
struct cli_words cli_bubblewrap_command(const struct cli_sidecar *sidecar, struct cli_mount *mounts,
    bool user_namespace, struct error **err);

/* The command line that runs true(1) in a sandbox of that kind, to see whether there can be one.
 * Owned by the caller. */
struct cli_words cli_bubblewrap_trial(bool user_namespace);

#endif
