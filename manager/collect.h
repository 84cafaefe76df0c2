/* A collection: waits for the expected sidecars and dials each as its socket appears. */
#ifndef MANAGER_COLLECT_H
#define MANAGER_COLLECT_H

#include "manager/state.h"

/* Starts collecting as the manager's operation, after manager_begin; see manager_collect. */
void manager_collect_start(struct manager *manager);

#endif
