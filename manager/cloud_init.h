/* Cloud-init data as PreCloudInitIso passes it: CloudInitData (JSON with Go's default names) and
 * the older CloudInitNoCloudSource ({"userData", "networkData"}).
 * Source: KubeVirt, pkg/cloud-init and pkg/hooks/manager.go. */
#ifndef MANAGER_CLOUD_INIT_H
#define MANAGER_CLOUD_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

enum { MANAGER_CLOUD_INIT_MAX_DEPTH = 100 }; /* of JSON, also in what a hook returns */

/* Whether there is nothing for hooks to work on: blank text, or null. */
bool manager_cloud_init_is_absent(struct bytes data);

/* Checks that data is absent or CloudInitData. Returns 0, or -1 with an input error. */
int manager_cloud_init_check(struct bytes data, struct error **err);

/* Converts CloudInitData to the older form, with its user and network data alone. Returns the text,
 * owned by the caller, or NULL with an input error when data is not CloudInitData. */
char *manager_cloud_init_legacy(struct bytes data, struct error **err);

/* Decides what a sidecar has made of before (valid CloudInitData). The result is the returned data,
 * unchanged, when it is valid by KubeVirt's rule: UserData is not empty, and NoCloudMetaData or
 * ConfigDriveMetaData is set. Otherwise it is before with the user and network data of the returned
 * older form, for sidecars that work on that. Returns 0 with *result owned by the caller, or -1
 * with a remote error. */
int manager_cloud_init_result(struct bytes before, struct bytes data, struct bytes legacy,
    char **result, size_t *result_length, struct error **err);

#endif
