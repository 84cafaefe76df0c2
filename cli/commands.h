/* The subcommands of hookctl, and the names under which it runs. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

/* The main of hookctl and hookctl-online: argv[0] says whether to run subcommands of "hookctl" or of
 * "kubectl hookline", or to complete the latter. runs are those of hookctl-online, NULL in hookctl.
 * Returns the exit status. */
int cli_commands_main(int argc, char **argv, const struct cli_online_run *runs, size_t run_count);

#endif
