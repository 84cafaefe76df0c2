/* hookctl-online: hookctl with the subcommands that need a network or archives. hookctl replaces
 * itself by it (cli/relay.h); nobody else needs to run it. */
#include <signal.h>

#include "cli/commands.h"
#include "cli/online/runs.h"

#define DECLARE(name) extern const struct cli_command cli_appliance_##name##_command;
#define RUN(name) {&cli_appliance_##name##_command, cli_online_##name},

CLI_ONLINE_RUNS(DECLARE)

static const struct cli_online_run runs[] = {CLI_ONLINE_RUNS(RUN)};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* libcurl's connections */
    return cli_commands_main(argc, argv, runs, ARRAY_SIZE(runs));
}
