/* What a VM refers to in its namespace: claims, ConfigMaps, Secrets, networks. */
#ifndef APPLIANCE_CLAIMS_H
#define APPLIANCE_CLAIMS_H

#include "appliance/draft.h"

/* The boilerplate's names are those of the DataSource's namespace. A claim that the DataSource owns
 * is referred to in the same namespace, with a warning unless several machines may have it (RWX,
 * ROX), and cloned into another one by a template "{vm}-{volume}". A ConfigMap or Secret that it
 * owns is copied as "{vm}-{name}". What it does not own must be in the VM's namespace: an error if it
 * is only in the DataSource's. The name of a network of multus gets the DataSource's namespace if
 * the VM is in another one. A file system from a claim needs KubeVirt's feature gate: a warning, an
 * error if its configuration is known and lacks it.
 * Source: Kubernetes, a pod mounts what is in its namespace; KubeVirt 1.9,
 * EnableVirtioFsStorageVolumes, NetAttachDefNamespacedName. */
void appliance_claims_complete(struct appliance_draft *draft);

#endif
