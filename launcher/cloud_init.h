/* Cloud-init data of a VMI: from its volume to the JSON that PreCloudInitIso hooks get, and from
 * what they return to the ISO image that the guest reads. */
#ifndef LAUNCHER_CLOUD_INIT_H
#define LAUNCHER_CLOUD_INIT_H

#include <jansson.h>

#include "base/error.h"
#include "launcher/volume.h"

/* The CloudInitData of the VMI (KubeVirt's Go names; contract 3 of the design) made from its
 * cloudInitNoCloud or cloudInitConfigDrive volume. New reference; NULL when it has none, without an error, or
 * with an input error (both kinds at once, base64 that is none, a secret reference whose data is not there). */
json_t *launcher_cloud_init_data(
    const json_t *vmi, const struct launcher_volumes *volumes, struct error **err);

/* Writes the files that the ISO holds below directory: for noCloud user-data, meta-data and
 * network-config (volume label cidata), for configDrive openstack/latest/{user_data,meta_data.json,
 * network_data.json} (label config-2). *label gets the volume label, static. Returns 0 or -1.
 * Source: cloud-init's data source documentation, NoCloud and ConfigDrive. */
int launcher_cloud_init_write(
    const json_t *data, const char *directory, const char **label, struct error **err);

#endif
