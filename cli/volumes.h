/* The volumes of a rendered pod as files and directories of this machine, as the kubelet sets them
 * up on a node. */
#ifndef CLI_VOLUMES_H
#define CLI_VOLUMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/manifest.h"

/* A directory of this machine that stands in for a part of the pod: NAME=DIR. */
struct cli_stand_in {
    char *name; /* owned */
    char *directory; /* absolute, without symbolic links; owned */
};

struct cli_volumes {
    const json_t *pod; /* rendered */
    const char *namespace; /* of its config maps */
    const struct cli_manifest *manifest; /* the config maps */
    const struct cli_stand_in *claims; /* a directory for each persistent volume claim */
    size_t claim_count;
    const char *directory; /* where volumes are made; removed by the caller */
};

/* Parses NAME=DIR; DIR must exist. what is the flag, for errors. Returns 0 with *out owned by the
 * caller (cli_stand_in_clear), or -1 with a usage or io error. */
int cli_stand_in_parse(
    const char *text, const char *what, struct cli_stand_in *out, struct error **err);
void cli_stand_in_clear(struct cli_stand_in *stand_in);

/* The path to mount for a volumeMount: sets up its volume, once, and resolves its subPath. Sets
 * *read_only when the volume is not writable, whatever the mount says. Returns an absolute path,
 * owned by the caller, or NULL with an error that names the volume: a config map that is not in the
 * manifests or lacks the key, a claim without a stand-in, a host path that does not match its
 * type. */
char *cli_volumes_source(
    const struct cli_volumes *volumes, const json_t *mount, bool *read_only, struct error **err);

#endif
