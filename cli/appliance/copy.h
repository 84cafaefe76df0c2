/* The run of hookctl appliance clone with files instead of a cluster. */
#ifndef CLI_APPLIANCE_COPY_H
#define CLI_APPLIANCE_COPY_H

#include "cli/command.h"

/* Prints the VM that is like the first operand's, [NS/]VM among the files of -f, and is called by the
 * second one, with what it needs. Returns the exit status. */
int cli_appliance_copy(const struct cli_arguments *arguments);

#endif
