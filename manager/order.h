/* In which order sidecars are called. */
#ifndef MANAGER_ORDER_H
#define MANAGER_ORDER_H

#include "manager/state.h"

/* By index as a number, those without one last, then by name. For sorting: <0, 0, >0. */
int manager_order_by_index(const struct manager_sidecar *a, const struct manager_sidecar *b);

/* By the priority announced for the hook, highest first; then as manager_order_by_index. */
int manager_order_by_priority(
    const struct manager_sidecar *a, const struct manager_sidecar *b, enum hooks_point hook);

/* The sidecars subscribed to a hook in the order in which they are called: priority, highest
 * first; then index; then name. Array owned by the caller, sidecars borrowed. */
const struct manager_sidecar **manager_order(
    const struct manager *manager, enum hooks_point hook, size_t *count);

#endif
