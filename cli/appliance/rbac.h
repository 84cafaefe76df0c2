/* The rights that a VM needs to clone its disks, as RBAC objects.
 * Source: CDI, pkg/apiserver/webhooks and doc/RBAC.md: a clone from another namespace needs "create"
 * on datavolumes/source there, of the service account of the VM too. */
#ifndef CLI_APPLIANCE_RBAC_H
#define CLI_APPLIANCE_RBAC_H

#include <jansson.h>

#include "appliance/complete.h"

/* Whom the rights are for. All borrowed. */
struct cli_rbac_for {
    const char *namespace; /* of the VM */
    const char *service_account; /* in it; NULL: none */
    const char *user; /* a user's name; NULL: none */
};

/* The service account under which KubeVirt clones a VM's disks: its own, that of a serviceAccount
 * volume, or "default". Borrowed from vm. */
const char *cli_rbac_service_account(const json_t *vm);

/* A Role, and a RoleBinding for each subject, in each of the namespaces. New reference to an array. */
json_t *cli_rbac_objects(
    const struct appliance_right *rights, size_t count, const struct cli_rbac_for *whom);

#endif
