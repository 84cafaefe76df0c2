/* The webhook that completes virtual machines: one that is created with the annotation
 * appliance.kubevirt.io/from: NAMESPACE/NAME gets what the DataSource says, under what its user wrote
 * himself. It has no side effects: Secrets are made by controller/appliance/secrets.h once the VM
 * exists. A VM that is complete, as hookctl appliance create makes it, stays as it is, and gets no
 * Secrets of the controller's: hookctl makes them, with its user's rights.
 *
 * A review is answered on the default loop, while the threads of the server go on. The API server is
 * asked what the user may do, and for what no cache has.
 *
 * Who reaches the webhook's port can name any user in a review. So, unless clients must show a
 * certificate, only that is read which every authenticated user may read. */
#ifndef CONTROLLER_APPLIANCE_COMPLETION_H
#define CONTROLLER_APPLIANCE_COMPLETION_H

#include <stdbool.h>

#include "controller/appliance/access.h"
#include "controller/appliance/key.h"
#include "controller/appliance/stock.h"
#include "http/request.h"

enum {
    CONTROLLER_COMPLETIONS_MOST = 64, /* at once; more are refused, to be tried again */
    CONTROLLER_COMPLETIONS_MOST_OF_ONE = 32, /* of one namespace, so that others have room */
    CONTROLLER_COMPLETION_MS = 2500, /* of one, then it is refused: less than API servers wait */
};

struct controller_completions;

struct controller_completions_options {
    struct kube_client *client; /* borrowed, as are the others */
    struct controller_access *access;
    struct controller_stock *stock;
    const struct controller_key *key;
    bool verified; /* only API servers reach the webhook: clients show a certificate */
};

/* Owned by the caller. */
struct controller_completions *controller_completions_new(
    const struct controller_completions_options *options);

/* Answers what is in progress: unavailable. NULL is allowed. */
void controller_completions_free(struct controller_completions *completions);

/* Answers a request to POST /complete-machines, now or later; on the loop's thread. */
void controller_completions_review(
    struct controller_completions *completions, struct http_request *request);

#endif
