/* The rights that a completed appliance needs in a cluster, asked for before anything is made. */
#ifndef CLI_ONLINE_RIGHTS_H
#define CLI_ONLINE_RIGHTS_H

#include "appliance/complete.h"
#include "cli/online/cluster.h"

/* Asks whether the user, and the service account of the VM, may clone its disks. Returns 0; 1 if not,
 * with *roles, a new reference to an array of the roles to make, and *who, owned by the caller, who
 * lacks them; -1 with an error. A cluster that does not say what the service account may do, because
 * the user may not ask, counts as a yes. */
int cli_rights_check(struct cli_cluster *cluster, const struct appliance_completion *completion,
    const char *namespace, json_t **roles, char **who, struct error **err);

#endif
