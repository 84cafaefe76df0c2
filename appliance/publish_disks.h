/* The disks of a VM that is published: its root disk becomes the DataSource's, its other disks
 * copies of claims that the DataSource owns, or empty ones. */
#ifndef APPLIANCE_PUBLISH_DISKS_H
#define APPLIANCE_PUBLISH_DISKS_H

#include "appliance/publish_draft.h"

/* Rewrites volumes and dataVolumeTemplates. A template is called like its volume, and:
 * - that of the root disk has the DataSource as its sourceRef;
 * - that of another disk is a copy of the disk's claim, which the DataSource owns, if the claim is
 *   among the objects; an empty disk stays one otherwise, and any other source stays;
 * - a claim without a template gets one, unless several VMs can use it at once (ReadWriteMany,
 *   ReadOnlyMany) or it is a file system: then it is owned and referred to.
 * Sets draft->source to the claim of the root disk. */
void appliance_publish_disks(struct appliance_publish_draft *draft);

#endif
