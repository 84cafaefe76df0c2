/* hook-manager shutdown: tells the sidecars that the VM has ended. */
#ifndef MANAGER_CMD_SHUTDOWN_H
#define MANAGER_CMD_SHUTDOWN_H

#include "manager/command.h"

extern const struct manager_command manager_command_shutdown;

#endif
