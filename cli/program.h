/* The command line of hookctl: its own options, the subcommand, and the subcommand's options. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "cli/command.h"

/* Runs the subcommand that the command line names, or shows help. Returns the exit status. */
int cli_program_run(const struct cli_program *program, int argc, char **argv);

#endif
