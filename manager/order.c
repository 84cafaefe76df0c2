#include "manager/order.h"

#include <stdlib.h>
#include <string.h>

static int compare(long a, long b)
{
    return (a > b) - (a < b);
}

int manager_order_by_index(const struct manager_sidecar *a, const struct manager_sidecar *b)
{
    if ((a->index < 0) != (b->index < 0))
        return a->index < 0 ? 1 : -1;
    int order = compare(a->index, b->index);
    return order != 0 ? order : strcmp(a->name, b->name);
}

int manager_order_by_priority(
    const struct manager_sidecar *a, const struct manager_sidecar *b, enum hooks_point hook)
{
    int order = compare(b->priority[hook], a->priority[hook]);
    return order != 0 ? order : manager_order_by_index(a, b);
}

static int compare_hook_order(const void *a, const void *b, void *hook)
{
    return manager_order_by_priority(*(const struct manager_sidecar *const *)a,
        *(const struct manager_sidecar *const *)b, *(const enum hooks_point *)hook);
}

const struct manager_sidecar **manager_order(
    const struct manager *manager, enum hooks_point hook, size_t *count)
{
    const struct manager_sidecar **order = xcalloc(manager->count + 1, sizeof(*order));
    *count = 0;
    for (size_t i = 0; i < manager->count; i++) {
        if (manager->sidecars[i].subscribed[hook])
            order[(*count)++] = &manager->sidecars[i];
    }
    qsort_r(order, *count, sizeof(*order), compare_hook_order, &hook);
    return order;
}
