/* The help of hookctl and of its subcommands, from their tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* The help of the program, and of one subcommand. */
void cli_help_program(const struct cli_program *program, FILE *stream);
void cli_help_command(
    const struct cli_program *program, const struct cli_command *command, FILE *stream);

#endif
