/* hookctl-online: the program with the subcommands that need a network or archives. It is apart, so
 * that hookctl loads none of their libraries and starts at once. */
#ifndef CLI_RELAY_H
#define CLI_RELAY_H

#include "base/error.h"

/* Replaces this process by hookctl-online with the same command line, which ends with NULL. Returns
 * only if that fails: -1 with an error that says where it was looked for. */
int cli_relay_exec(char *const *words, struct error **err);

#endif
