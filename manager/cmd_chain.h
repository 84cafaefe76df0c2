/* hook-manager on-define-domain and its like: chain a document from standard input to standard
 * output. */
#ifndef MANAGER_CMD_CHAIN_H
#define MANAGER_CMD_CHAIN_H

#include "manager/command.h"

/* One for each hook point that has a document; ends with one that has no name. */
extern const struct manager_command manager_command_chains[];

#endif
