/* A sidecar of the rendered pod as it runs here: its container's mounts, its environment, and our
 * sidecar-shim with the container's arguments. What sandbox it runs in is cli/sandbox.h's. */
#ifndef CLI_SIDECAR_H
#define CLI_SIDECAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/memory.h"
#include "cli/volumes.h"
#include "cli/words.h"

struct cli_sidecar {
    const json_t *container; /* of the rendered pod */
    const struct cli_volumes *volumes;
    const char *shim; /* the path of sidecar-shim here */
    const struct cli_stand_in *hooks; /* all --hook flags; INDEX is the name */
    size_t hook_count;
    const char *index; /* the INDEX of this container */
    bool is_foreign; /* its image or command is not ours: only --version counts in args */
};

/* A mount of the container, ready. */
struct cli_mount {
    char *source; /* here; owned */
    char *place; /* in the container, normalized; owned */
    mode_t kind; /* of the source, as of S_IFMT */
    bool read_only;
};

/* The path of sidecar-shim: beside this program, in ../libexec/hookline, or in PATH. Owned by the
 * caller; NULL with an io error. */
char *cli_sidecar_find_shim(struct error **err);

/* Sets up the volumes of the container. Returns its mounts in the order of the container, as an
 * array that ends with an item without a place, owned by the caller (cli_mounts_free), or NULL with
 * an error. */
struct cli_mount *cli_sidecar_mounts(const struct cli_sidecar *sidecar, struct error **err);
void cli_mounts_free(struct cli_mount *mounts);
DEFINE_CLEANUP(cli_mounts, struct cli_mount *, cli_mounts_free);

/* The container's variables but PATH, as NAME=VALUE. */
void cli_sidecar_add_variables(const struct cli_sidecar *sidecar, struct cli_words *words);

/* The container's PATH, borrowed from it, or the default of an image. */
const char *cli_sidecar_path(const struct cli_sidecar *sidecar);

/* Adds the shim's command line. A container with another image or command has its own arguments;
 * only --version is kept, which every sidecar gets. */
void cli_sidecar_add_shim(
    const struct cli_sidecar *sidecar, const char *shim_path, struct cli_words *words);

#endif
