/* An OVA as a VirtualMachine and its disks, in a directory. */
#ifndef CLI_ONLINE_OVA_H
#define CLI_ONLINE_OVA_H

#include <stdbool.h>

#include "cli/appliance/import.h"
#include "cli/report.h"

/* Whether the file at path is a descriptor (*.ovf), or a tar archive that has one. */
bool cli_ova_is(const char *path);

/* Imports it into a new directory, options->output, which appears when it is complete; its paths are
 * printed. What is wrong with the descriptor, and what becomes something else, goes to the report.
 * Returns 0, also when the report has errors (then there is no directory), or -1 with an error. */
int cli_ova_import(const char *path, const struct cli_import_options *options,
    struct cli_report *report, struct error **err);

#endif
