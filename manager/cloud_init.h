/* Cloud-init data as PreCloudInitIso passes it: CloudInitData (JSON with Go's default names) and
 * the older CloudInitNoCloudSource ({"userData", "networkData"}, or the same in Base64).
 * Source: KubeVirt, pkg/cloud-init and pkg/hooks/manager.go. */
#ifndef MANAGER_CLOUD_INIT_H
#define MANAGER_CLOUD_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "manager/cloud_init_data.h"

/* Whether there is nothing for hooks to work on: blank text, or null. */
bool manager_cloud_init_is_absent(struct bytes data);

/* Checks that data is absent, or CloudInitData with a DataSource that KubeVirt knows. Returns 0, or
 * -1 with an input error. */
int manager_cloud_init_check(struct bytes data, struct error **err);

/* Converts CloudInitData to the older form, with its user and network data alone, as Go writes it.
 * Returns the text, owned by the caller, or NULL with an input error when data is not CloudInitData. */
char *manager_cloud_init_legacy(struct bytes data, struct error **err);

/* What a sidecar has made of cloud-init data. Zeroed is empty. */
struct manager_cloud_init_result {
    char *data; /* CloudInitData; owned */
    size_t length;
    char *warning; /* what is strange about it, or NULL; owned */
};

/* Decides what a sidecar has made of before (valid CloudInitData). The result is the returned data,
 * when it is valid by KubeVirt's rule: UserData is not empty, and NoCloudMetaData or
 * ConfigDriveMetaData is set. It is unchanged, except that names in another letter case get
 * KubeVirt's spelling; its DataSource must be one that KubeVirt knows. Otherwise the result is
 * before with the user and network data of the returned older form, decoded where they are in
 * Base64 (KubeVirt drops those), with a warning when no data were returned beside it. Data without user
 * data, of which there was none before, are valid as well unless the sidecar worked on the older
 * form. A result that lost all that before had is an error, since KubeVirt starts no guest with it;
 * one that lost its user data or its network data has a warning. Returns 0, or -1 with a remote
 * error; call manager_cloud_init_result_clear either way. */
int manager_cloud_init_result(struct bytes before, struct bytes data, struct bytes legacy,
    struct manager_cloud_init_result *result, struct error **err);
void manager_cloud_init_result_clear(struct manager_cloud_init_result *result);

#endif
