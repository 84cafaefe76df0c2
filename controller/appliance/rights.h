/* Whether a user, and the service account of a VM, may clone the disks that the VM is made of. */
#ifndef CONTROLLER_APPLIANCE_RIGHTS_H
#define CONTROLLER_APPLIANCE_RIGHTS_H

#include <jansson.h>

#include "appliance/complete.h"
#include "controller/appliance/access.h"
#include "controller/webhook/verdict.h"

struct controller_rights;

struct controller_rights_options {
    struct controller_access *access; /* borrowed */
    const json_t *user_info; /* of the user; borrowed */
    const char *namespace; /* of the VM; borrowed, as is the next */
    const char *service_account; /* in it */
    const struct appliance_right *rights; /* that are needed; borrowed until this is freed */
    size_t count;
    struct controller_verdict *verdict; /* gets a denial for each right that is missing; borrowed */
    const char *field; /* of the denials; borrowed */
    void (*done)(void *user); /* once, from the loop; it may free this */
    void *user;
};

/* Asks for them. Returns NULL without calling done if nothing is left to ask; else what is owned by
 * the caller.
 * Source: CDI, doc/RBAC.md: create datavolumes/source in the namespace of the source. */
struct controller_rights *controller_rights_new(const struct controller_rights_options *options);
void controller_rights_free(struct controller_rights *rights); /* cancels; NULL is allowed */

/* The service account of a VM: that of its volume of this kind, else "default". Borrowed.
 * Source: KubeVirt, virt-controller/watch/vm, how it authorizes clones. */
const char *controller_rights_account(const json_t *vm);

#endif
