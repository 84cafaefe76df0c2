/* Graceful shutdown: releases the lease at once, so that another replica leads; accepts reviews for
 * a while, each on a connection of its own, because the cluster learns only gradually that this
 * replica is not ready; then accepts none, and waits for those in progress. */
#ifndef CONTROLLER_DRAIN_H
#define CONTROLLER_DRAIN_H

#include <stdint.h>

#include "controller/webhook/server.h"
#include "kube/lease.h"

struct controller_drain;

struct controller_drain_options {
    struct controller_server *webhooks; /* borrowed; or NULL */
    struct kube_lease *lease; /* borrowed; or NULL */
    int64_t limit_ms; /* of the whole drain; new reviews are accepted for a third of it */
    void (*on_drained)(void *user); /* once, from the loop */
    void *user;
};

/* Starts the drain. Owned by the caller. */
struct controller_drain *controller_drain_new(const struct controller_drain_options *options);
void controller_drain_free(struct controller_drain *drain); /* NULL is allowed */

#endif
