/* Virtual machines out of DataSources, in the cluster: completes those that ask for it, and makes
 * their Secrets. */
#ifndef CONTROLLER_APPLIANCE_APPLIANCE_H
#define CONTROLLER_APPLIANCE_APPLIANCE_H

#include <stdbool.h>

#include "http/request.h"
#include "kube/client.h"
#include "kube/events.h"

struct controller_appliance;

struct controller_appliance_options {
    struct kube_client *client; /* borrowed */
    struct kube_events *events; /* borrowed */
    const char *namespace; /* of the controller; borrowed for good, as is the next */
    const char *key_secret; /* the name of the Secret with its key */
    bool verified; /* clients of the webhooks must show a certificate */
};

/* Owned by the caller. */
struct controller_appliance *controller_appliance_new(
    const struct controller_appliance_options *options);

/* To be called when no thread of a server uses it any more. NULL is allowed. */
void controller_appliance_free(struct controller_appliance *appliance);

/* Answers a request to POST /complete-machines, later; from any thread. */
void controller_appliance_complete(void *appliance, struct http_request *request);

/* Tells whether this replica leads: the leader makes Secrets. */
void controller_appliance_lead(struct controller_appliance *appliance, bool leads);

struct controller_appliance_figures {
    size_t cached; /* objects */
    unsigned long restarts; /* of watches */
};
struct controller_appliance_figures controller_appliance_figures(
    const struct controller_appliance *appliance);

#endif
