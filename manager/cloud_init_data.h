/* KubeVirt's CloudInitData as Go decodes them: which members they have, of which types, and how
 * those are spelled.
 * Source: KubeVirt, pkg/cloud-init, CloudInitData; Go, encoding/json, Unmarshal. */
#ifndef MANAGER_CLOUD_INIT_DATA_H
#define MANAGER_CLOUD_INIT_DATA_H

#include <jansson.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

enum { MANAGER_CLOUD_INIT_MAX_DEPTH = 100 }; /* of JSON, also in what a hook returns */

/* Finds a member in any letter case, as Go's decoder does: the last one that is not null; NULL when
 * there is none. Borrowed. */
json_t *manager_cloud_init_member(json_t *object, const char *name);

/* Parses CloudInitData, or null. Names in another letter case, which Go takes as well, get
 * KubeVirt's spelling, also in the metadata; *respelled (unless NULL) tells whether there were any.
 * Unknown members are kept. Returns a new reference, or NULL with an input error that names the
 * member. */
json_t *manager_cloud_init_data_parse(struct bytes data, bool *respelled, struct error **err);

/* Checks that parsed data have a DataSource of which KubeVirt can make an image. Returns 0, or -1
 * with an input error. */
int manager_cloud_init_data_check_source(json_t *data, struct error **err);

#endif
