/* The disks that a completed VM is made with: its dataVolumeTemplates and the volumes that refer
 * to them. */
#ifndef APPLIANCE_VOLUMES_H
#define APPLIANCE_VOLUMES_H

#include "appliance/draft.h"

/* Calls each template as KubeVirt's restore calls disks, "{vm}-{volume}" by the first volume that
 * uses it, and has the volumes follow; a new name is said. A template without a source gets the
 * DataSource as its sourceRef; a sourceRef without a namespace, which KubeVirt and CDI would take to
 * be the VM's, the DataSource's. One without storage and pvc gets an empty storage: a clone needs no
 * size.
 * Source: KubeVirt 1.9, storage/snapshot/restore.go (PrefixTargetName), infer/volume.go; CDI,
 * datavolume-validate.go. */
void appliance_volumes_complete(struct appliance_draft *draft);

/* Notes from which namespaces, other than the VM's, its templates clone: the rights that are
 * needed. */
void appliance_volumes_find_rights(struct appliance_draft *draft);

/* Where a volume names its claim or DataVolume: the object, and in *key the member with the name,
 * static. NULL if it names none. Borrowed. */
json_t *appliance_volumes_claim(json_t *volume, const char **key);

/* The template of the VM that has this name. Borrowed, or NULL. */
json_t *appliance_volumes_template(const struct appliance_draft *draft, const char *name);

#endif
