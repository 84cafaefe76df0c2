/* The options of hookctl appliance push. */
#ifndef CLI_APPLIANCE_PUSH_H
#define CLI_APPLIANCE_PUSH_H

#include "base/pairs.h"
#include "cli/registry_options.h"

struct cli_push_options {
    struct cli_registry_options registry;
    struct pairs disks; /* a claim, a volume or a file's name, and a path */
    char *output; /* directory for the layout; NULL: it is temporary */
    char *layout; /* to push as it is; NULL: what -f and --disk say is packed */
    char *mount_from; /* NULL: nothing is mounted */
    size_t chunk; /* MiB; 0: blobs are sent in one piece */
    bool containerdisk;
};

extern const struct cli_command cli_appliance_push_command;

#endif
