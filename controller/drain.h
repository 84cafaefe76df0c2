/* The end of the controller: it gives the lease back at once, so that another replica leads; goes
 * on taking reviews for a while, each on a connection of its own, since the cluster learns only by
 * and by that it is not ready; then takes none, and waits for those under way. */
#ifndef CONTROLLER_DRAIN_H
#define CONTROLLER_DRAIN_H

#include <stdint.h>

#include "controller/webhook/server.h"
#include "kube/lease.h"

struct controller_drain;

struct controller_drain_options {
    struct controller_server *webhooks; /* borrowed; or NULL */
    struct kube_lease *lease; /* borrowed; or NULL */
    int64_t limit_ms; /* a third of it new reviews are still taken */
    void (*on_drained)(void *user); /* once, from the loop */
    void *user;
};

/* Begins it. Owned by the caller. */
struct controller_drain *controller_drain_new(const struct controller_drain_options *options);
void controller_drain_free(struct controller_drain *drain); /* NULL is allowed */

#endif
