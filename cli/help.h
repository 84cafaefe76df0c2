/* The help of hookctl and of its subcommands, from their tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* The help of the subcommand, of the group, or, if the arguments have neither, of the program. */
void cli_help(const struct cli_arguments *arguments, FILE *stream);

#endif
