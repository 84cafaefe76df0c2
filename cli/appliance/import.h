/* The options of hookctl appliance import, whose run is in cli/online/import.c. */
#ifndef CLI_APPLIANCE_IMPORT_H
#define CLI_APPLIANCE_IMPORT_H

#include "base/pairs.h"
#include "cli/registry_options.h"

struct cli_import_options {
    struct cli_registry_options registry;
    char *output;
    char *name;
    char *namespace;
    char *system;
    struct pairs networks;
};

#endif
