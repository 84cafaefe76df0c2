/* Where a subcommand reads an artifact or an image from. */
#ifndef CLI_ONLINE_SOURCE_H
#define CLI_ONLINE_SOURCE_H

#include "cli/online/registry.h"
#include "oci/layout_tar.h"

#define CLI_ONLINE_ARCHIVE "oci-archive:"
#define CLI_ONLINE_LAYOUT "oci:"

/* Where an artifact is read from: a registry, an archive (oci-archive:FILE) or a layout (oci:DIR).
 * Not to be moved. Zeroed is closed. */
struct cli_online_source {
    struct oci_source source; /* to read from */
    struct cli_registry registry; /* private, as is the rest */
    struct oci_remote remote;
    struct oci_layout_tar tar;
};

/* Opens it by its name, borrowed. Returns 0, or -1 with an error; cli_online_source_close is due
 * either way. */
int cli_online_source_open(struct cli_online_source *source, const char *name,
    const struct cli_registry_options *options, struct cli_transfer *transfer, struct error **err);
void cli_online_source_close(struct cli_online_source *source);

#endif
