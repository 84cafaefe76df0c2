/* In which order sidecars are called. */
#ifndef MANAGER_ORDER_H
#define MANAGER_ORDER_H

#include "manager/manager.h"

/* By index as a number, those without one last, then by name. For sorting: <0, 0, >0. */
int manager_order_by_index(const struct manager_sidecar *a, const struct manager_sidecar *b);

/* By the priority announced for the hook, highest first; then as manager_order_by_index. */
int manager_order_by_priority(
    const struct manager_sidecar *a, const struct manager_sidecar *b, enum manager_hook hook);

#endif
