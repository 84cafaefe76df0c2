/* Shutdown, sent to all sidecars at once. */
#ifndef MANAGER_SHUTDOWN_H
#define MANAGER_SHUTDOWN_H

#include "manager/state.h"

/* Starts it as the manager's operation, after manager_begin; see manager_shutdown. */
void manager_shutdown_start(struct manager *manager);

#endif
