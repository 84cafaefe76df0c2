/* hook-manager serve: hook sidecars behind KubeVirt's Plugin API. */
#ifndef MANAGER_CMD_SERVE_H
#define MANAGER_CMD_SERVE_H

#include "manager/command.h"

extern const struct manager_command manager_command_serve;

#endif
