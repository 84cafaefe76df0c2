/* hook-manager on-define-domain and the other subcommands that chain a document from standard input
 * to standard output. */
#ifndef MANAGER_CMD_CHAIN_H
#define MANAGER_CMD_CHAIN_H

#include "manager/command.h"

/* One for each hook point that has a document; the last entry has no name. */
extern const struct manager_command manager_command_chains[];

#endif
