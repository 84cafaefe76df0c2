/* The volumes of a rendered pod as files and directories of this machine, as the kubelet sets them
 * up on a node. */
#ifndef CLI_VOLUMES_H
#define CLI_VOLUMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/manifest.h"

/* A directory of this machine that stands for something of the pod: NAME=DIR. */
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

/* Parses NAME=DIR; DIR must be there. what is the flag, for errors. Returns 0 with *out owned by
 * the caller (cli_stand_in_clear), or -1 with a usage or io error. */
int cli_stand_in_parse(
    const char *text, const char *what, struct cli_stand_in *out, struct error **err);
void cli_stand_in_clear(struct cli_stand_in *stand_in);

/* What is to be mounted for a volumeMount: sets its volume up when that was not done before, and
 * goes to its subPath. *read_only is set when the volume cannot be written, whatever the mount
 * says. Returns an absolute path, owned by the caller, or NULL with an error that names the
 * volume: a config map that is not among the files or has no such key, a claim without a stand-in,
 * a host path that is not of its type. */
char *cli_volumes_source(
    const struct cli_volumes *volumes, const json_t *mount, bool *read_only, struct error **err);

#endif
