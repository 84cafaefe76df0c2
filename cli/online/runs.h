/* The subcommands that run in hookctl-online, each in a file of its own, cli/online/NAME.c. */
#ifndef CLI_ONLINE_RUNS_H
#define CLI_ONLINE_RUNS_H

#include "cli/command.h"

#define CLI_ONLINE_RUNS(EACH)                                                                      \
    EACH(check)                                                                                    \
    EACH(show)                                                                                     \
    EACH(create)                                                                                   \
    EACH(publish)                                                                                  \
    EACH(clone)                                                                                    \
    EACH(snapshot)                                                                                 \
    EACH(restore)                                                                                  \
    EACH(export)                                                                                   \
    EACH(upload)                                                                                   \
    EACH(push)                                                                                     \
    EACH(pull)                                                                                     \
    EACH(import)

#define CLI_ONLINE_DECLARE(name) int cli_online_##name(const struct cli_arguments *arguments);

CLI_ONLINE_RUNS(CLI_ONLINE_DECLARE)

#endif
