/* Makes what a completed VM needs besides itself, its Secrets above all, once the VM exists, owned by
 * it: only for an authorization of the webhook's that is valid, from the same DataSource that it was
 * written for.
 *
 * The controller reads no Secrets. So it does not know whether one that exists already is its own: it
 * tries for as long as the authorization is young, in which time that of an earlier VM of the name
 * has gone. */
#ifndef CONTROLLER_APPLIANCE_SECRETS_H
#define CONTROLLER_APPLIANCE_SECRETS_H

#include "controller/appliance/key.h"
#include "controller/appliance/stock.h"
#include "kube/events.h"

enum {
    CONTROLLER_SECRETS_WORKERS = 8, /* VMs at once */
    CONTROLLER_SECRETS_PATIENCE = 900, /* seconds after a VM's creation: then it has them, or never
                                          will */
};

struct controller_secrets;

struct controller_secrets_options {
    struct kube_client *client; /* borrowed, as are the others */
    struct kube_events *events;
    struct controller_stock *stock;
    const struct controller_key *key;
};

/* Owned by the caller; paused until controller_secrets_lead. */
struct controller_secrets *controller_secrets_new(const struct controller_secrets_options *options);
void controller_secrets_free(struct controller_secrets *secrets); /* NULL is allowed */

/* Tells whether this replica leads. */
void controller_secrets_lead(struct controller_secrets *secrets, bool leads);

/* How often watches were restarted; for metrics. */
unsigned long controller_secrets_restarts(const struct controller_secrets *secrets);

#endif
