/* Cloud-init data of a VMI: from its volume to the JSON that PreCloudInitIso hooks get, and from
 * the JSON that they return to the files that the guest reads. */
#ifndef MACHINE_CLOUD_INIT_H
#define MACHINE_CLOUD_INIT_H

#include <jansson.h>

#include "machine/volume.h"

/* Makes the CloudInitData of the VMI (with KubeVirt's Go names) from its cloudInitNoCloud or
 * cloudInitConfigDrive volume. A secret's data is read from the volume's directory; if that does
 * not exist, as may be in a dry run, it is empty. Returns a new reference, or NULL: without an
 * error when there is no such volume, or with an input error (two volumes, invalid base64, a secret
 * without the data).
 * Source: KubeVirt, pkg/cloud-init. */
json_t *machine_cloud_init_data(
    const json_t *vmi, const struct machine_volumes *volumes, struct error **err);

/* Writes the files of the cloud-init image below directory: for noCloud user-data, meta-data and
 * network-config (volume label cidata), for configDrive openstack/latest/{user_data,
 * meta_data.json, network_data.json} (label config-2). *label gets the volume label, static.
 * Returns 0, or -1 with an io error, or an input error when data is not CloudInitData.
 * Source: cloud-init's documentation of the data sources NoCloud and ConfigDrive. */
int machine_cloud_init_write(
    const json_t *data, const char *directory, const char **label, struct error **err);

#endif
