/* The options of hookctl appliance pull. */
#ifndef CLI_APPLIANCE_PULL_H
#define CLI_APPLIANCE_PULL_H

#include "cli/registry_options.h"

struct cli_pull_options {
    struct cli_registry_options registry;
    char *output; /* a directory */
    bool containerdisk;
};

extern const struct cli_command cli_appliance_pull_command;

#endif
