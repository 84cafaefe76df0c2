/* A sidecar's container as a bubblewrap sandbox: the host's /usr as its image, the mounts, user
 * and environment of the rendered container, no network, and our sidecar-shim as process 1.
 * Source: bwrap(1). */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/volumes.h"

struct cli_sandbox {
    const json_t *container; /* of the rendered pod */
    const struct cli_volumes *volumes;
    const char *shim; /* the path of sidecar-shim here */
    const struct cli_stand_in *hooks; /* all --hook flags; INDEX is the name */
    size_t hook_count;
    const char *index; /* the INDEX of this container */
    bool is_foreign; /* its image or command is not ours: only --version counts in args */
};

/* The path of sidecar-shim: beside this program, in ../libexec/hookline, or in PATH. Owned by the
 * caller; NULL with an io error. */
char *cli_sandbox_find_shim(struct error **err);

/* The command line that runs the sandbox, with its volumes set up. NULL-terminated, owned by the
 * caller (cli_sandbox_words_free); NULL with an error. */
char **cli_sandbox_command(const struct cli_sandbox *sandbox, struct error **err);
void cli_sandbox_words_free(char **words);

#endif
