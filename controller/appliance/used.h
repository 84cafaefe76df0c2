/* The authorizations that were used a short while ago, each for one VM: another VM with the same one
 * is an imitation. */
#ifndef CONTROLLER_APPLIANCE_USED_H
#define CONTROLLER_APPLIANCE_USED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CONTROLLER_USED_MOST = 16384 }; /* the oldest are forgotten first */

struct controller_use; /* of one authorization; opaque */

/* Zeroed is empty. */
struct controller_used {
    struct controller_use *uses; /* by nonce, the oldest first; owned */
    double seconds; /* how long each is remembered */
};

/* What is known of the work for a VM. */
struct controller_use_state {
    bool made; /* all that it needs exists */
    bool told; /* an Event says that something of that name exists */
    unsigned changed; /* how often what it is made of was found to be different, in a row */
    unsigned exists; /* how often something of that name existed */
    json_t *objects; /* those that were made: true, or false if the answer was lost, by "Secret
                        dev/web-cloudinitdisk"; owned; NULL: none */
};

/* The state of the use of nonce by the VM with this uid, borrowed until the next call; new if the
 * nonce was not used. NULL: another VM has used it. */
struct controller_use_state *controller_used_claim(
    struct controller_used *used, const char *nonce, const char *uid);

void controller_used_clear(struct controller_used *used);

#endif
