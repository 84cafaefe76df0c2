/* Cloud-init data of a VMI: from its volume to the JSON that PreCloudInitIso hooks get, and from
 * the JSON that they return to the files that the guest reads. */
#ifndef MACHINE_CLOUD_INIT_H
#define MACHINE_CLOUD_INIT_H

#include <jansson.h>

#include "machine/volume.h"

/* The most bytes of user data, and of network data, in a volume. KubeVirt's webhook refuses more.
 * Source: KubeVirt, cloudInitUserMaxLen and cloudInitNetworkMaxLen. */
enum { MACHINE_CLOUD_INIT_INLINE_MAX_BYTES = 2048 };

/* Makes the CloudInitData (with KubeVirt's Go names, in their order) of a VMI whose volumes and
 * credentials are checked, from its cloudInitNoCloud or cloudInitConfigDrive volume and its access
 * credentials. The data of Secrets are read from the directories of volumes and options. Returns a
 * new reference, or NULL: without an error among the findings when there is no such volume; or with
 * errors (two volumes, a text in both forms, none at all, invalid Base64, text that is not UTF-8, a
 * Secret that is missing or lacks the key). In a dry run, what a missing Secret would give is empty, with a warning; so is
 * more than KubeVirt allows in a volume.
 * Source: KubeVirt, pkg/cloud-init, and its webhook for VMIs, validateVolumes. */
json_t *machine_cloud_init_data(const json_t *vmi, const struct machine_volumes *volumes,
    const struct machine_volume_options *options, struct findings *findings);

/* Writes the files of the cloud-init image below directory: for noCloud user-data, meta-data and
 * network-config (volume label cidata), for configDrive openstack/latest/{user_data,
 * meta_data.json, network_data.json} (label config-2). Data without meta data get the least that
 * cloud-init needs, from the VMI. *label gets the volume label, static. Returns 0, or -1 with an io
 * error, or an input error when data is not CloudInitData or has neither user nor network data.
 * Source: cloud-init's documentation of the data sources NoCloud and ConfigDrive; KubeVirt,
 * pkg/cloud-init, GenerateLocalData. */
int machine_cloud_init_write(const json_t *data, const json_t *vmi, const char *directory,
    const char **label, struct error **err);

#endif
