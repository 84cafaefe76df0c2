#include "manager/order.h"

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
    const struct manager_sidecar *a, const struct manager_sidecar *b, enum manager_hook hook)
{
    int order = compare(b->priority[hook], a->priority[hook]);
    return order != 0 ? order : manager_order_by_index(a, b);
}
