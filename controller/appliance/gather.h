/* One completion of an appliance, with objects of the cluster: completes, reads what was wanted, and
 * completes again, until nothing more is. The webhook does it for a user, who must have the right to
 * read what is read; the controller does it again, for what was allowed. */
#ifndef CONTROLLER_APPLIANCE_GATHER_H
#define CONTROLLER_APPLIANCE_GATHER_H

#include "appliance/complete.h"
#include "controller/appliance/access.h"
#include "controller/appliance/key.h"
#include "controller/appliance/stock.h"

enum {
    CONTROLLER_GATHER_MOST_ROUNDS = 8,
    CONTROLLER_GATHER_MOST_READS = 64, /* objects and questions of one completion */
};

struct controller_gather;

struct controller_gather_options {
    struct kube_client *client; /* borrowed, as are the next three */
    struct controller_access *access;
    struct controller_stock *stock;
    const struct controller_key *key; /* ready */
    const json_t *user_info; /* whose right to read is asked for, borrowed; NULL: nobody's */
    bool
        at_home; /* the user is known to act in the VM's namespace: its claims are no secret to him */
    const char *who; /* begins the sentence that says that it is missing: "alice may not" */
    const char *hint; /* ends it; "" */
    const char *denied; /* what the user was denied before, which is left out now; NULL: nothing */
    const char *namespace, *name; /* of the VM; borrowed, as long as the gather lives */
    const char *source_namespace, *source_name; /* of the DataSource; likewise */
    const char *nonce; /* of what is generated */
    void (*done)(void *user); /* once, from the loop; it may free the gather */
    void *user;
};

/* The result, in the gather until that is freed. */
struct controller_gathered {
    const struct appliance_object *data_source; /* NULL: it could not be read */
    struct appliance_completion completion;
    struct appliance_report report;
    struct error *error; /* why it was not completed, apart from the report: ERROR_POLICY, the user
                            may not read the DataSource; ERROR_INPUT, there is none; ERROR_REMOTE */
};

/* Starts it; done is called later, never at once. Owned by the caller. */
struct controller_gather *controller_gather_new(const struct controller_gather_options *options);
void controller_gather_free(struct controller_gather *gather); /* cancels it; NULL is allowed */

/* What the user may not read and the DataSource wants, "configmaps golden/a, …": for the options of
 * a later completion that asks nobody, and must come to the same. Owned by the caller. */
char *controller_gather_denied(const struct controller_gather *gather);

/* The result after done. Borrowed. */
const struct controller_gathered *controller_gather_result(const struct controller_gather *gather);

#endif
