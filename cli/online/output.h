/* What an export writes: a directory, or an archive, which appear when they are complete. */
#ifndef CLI_ONLINE_OUTPUT_H
#define CLI_ONLINE_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/export.h"
#include "cli/online/verb.h"

/* Zeroed is empty. */
struct cli_output {
    const char *path; /* borrowed */
    bool is_archive; /* path ends in .tar */
    char *scratch; /* a new directory beside it, for the disks; owned */
};

/* Checks that there is nothing at path, and makes the scratch directory. An archive takes raw disks
 * alone. Returns 0, or -1 with an error; cli_output_clear is due either way. */
int cli_output_begin(
    struct cli_output *output, const char *path, const char *format, struct error **err);

/* Puts the disks that are in the scratch directory to the path, with the manifest: as a directory
 * with vm.yaml, or as an OCI archive in KubeVirt's form. Returns 0, or -1 with an error. */
int cli_output_finish(struct cli_output *output, struct cli_verb *verb, const json_t *manifest,
    const struct appliance_export_links *links, struct error **err);

/* Removes what was not finished. */
void cli_output_clear(struct cli_output *output);

#endif
