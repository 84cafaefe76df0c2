/* The order in which sidecars are called. */
#ifndef MANAGER_ORDER_H
#define MANAGER_ORDER_H

#include "manager/state.h"

/* Compares by index (as a number; none sorts last), then by name. Returns <0, 0 or >0. */
int manager_order_by_index(const struct manager_sidecar *a, const struct manager_sidecar *b);

/* Compares by the priority announced for the hook, highest first, then as
 * manager_order_by_index. */
int manager_order_by_priority(
    const struct manager_sidecar *a, const struct manager_sidecar *b, enum hooks_point hook);

/* The sidecars subscribed to a hook, in the order in which they are called: by priority, highest
 * first, then by index, then by name. The array is owned by the caller, the sidecars are
 * borrowed. */
const struct manager_sidecar **manager_order(
    const struct manager *manager, enum hooks_point hook, size_t *count);

#endif
