/* Creates a completed appliance in a cluster. */
#ifndef CLI_ONLINE_APPLY_H
#define CLI_ONLINE_APPLY_H

#include "appliance/complete.h"
#include "cli/online/cluster.h"

/* Creates the VM and the objects that it needs, which it owns: a dry run of all of them first, then
 * the VM, whose uid their ownerReferences need, then they. Until a Secret is there, the VM's pod
 * waits for it. If one of them fails after all, the VM is deleted again, and they with it. Prints a
 * line for each object. Returns 0, or -1 with an error; a VM of that name is an error that says
 * whether it came from the same appliance, from ("NAMESPACE/NAME"). */
int cli_apply(struct cli_cluster *cluster, const struct appliance_completion *completion,
    const char *from, struct error **err);

#endif
