/* A collection: all the sidecars that are to be there, dialled as their sockets appear. */
#ifndef MANAGER_COLLECT_H
#define MANAGER_COLLECT_H

#include "manager/state.h"

/* Starts it as the manager's operation, which has begun; see manager_collect. */
void manager_collect_start(struct manager *manager);

#endif
