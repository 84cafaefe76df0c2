/* hook-manager collect: prints what the sidecars announce. */
#ifndef MANAGER_CMD_COLLECT_H
#define MANAGER_CMD_COLLECT_H

#include "manager/command.h"

extern const struct manager_command manager_command_collect;

#endif
