/* The objects of the cluster that appliances are made of: those of most kinds are cached from the
 * first question on, and the API server is asked for the others. */
#ifndef CONTROLLER_APPLIANCE_STOCK_H
#define CONTROLLER_APPLIANCE_STOCK_H

#include "appliance/objects.h"
#include "controller/appliance/habit.h"
#include "kube/client.h"

struct controller_stock;

/* Owned by the caller. */
struct controller_stock *controller_stock_new(struct kube_client *client);
void controller_stock_free(struct controller_stock *stock); /* NULL is allowed */

/* Adds to objects what is wanted, if the caches have it: an object, or all of a kind in a
 * namespace. Returns whether the want is met; else it must be read, if it can be. */
bool controller_stock_add(struct controller_stock *stock, const struct appliance_wanted *wanted,
    struct appliance_objects *objects);

/* What is remembered of DataSources; borrowed. */
struct controller_habits **controller_stock_habits(struct controller_stock *stock);

/* The kind as a resource of the API server, or NULL: the controller does not read it. Static. */
const struct kube_resource *controller_stock_resource(enum appliance_kind kind);

/* How often watches were restarted, and how many objects there are; for metrics. */
unsigned long controller_stock_restarts(const struct controller_stock *stock);
size_t controller_stock_count(const struct controller_stock *stock);

#endif
