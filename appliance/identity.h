/* What makes a VM itself rather than a copy: what a completion drops of the boilerplate, and what
 * it keeps. */
#ifndef APPLIANCE_IDENTITY_H
#define APPLIANCE_IDENTITY_H

#include "appliance/draft.h"

/* Drops what is null, and what belongs to the VM that the boilerplate was made of, or to its cluster:
 * status; of all
 * metadata, what a server fills in (of which labels and annotations stay, but for notes of the
 * server and of kubectl); MAC addresses, the firmware's UUID and serial number, the revisions of
 * instance type and preference, and the host name, with a warning. Serial numbers of disks stay:
 * the guest may mount by them. An object that becomes empty by this goes, too.
 * Source: KubeVirt 1.9, how it clones a VM; its enhancement 256. */
void appliance_identity_drop(struct appliance_draft *draft);

/* Removes from the metadata of anything what a server fills in, and namespace and name. An empty
 * one may be left. metadata may be NULL. */
void appliance_identity_drop_metadata(json_t *metadata);

/* Gives the VM its name and namespace, a label and an annotation that say which DataSource it comes
 * from. */
void appliance_identity_give(struct appliance_draft *draft);

#endif
