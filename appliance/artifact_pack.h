/* Packs a VM or a template with its disks into an OCI layout, as KubeVirt's artifact. */
#ifndef APPLIANCE_ARTIFACT_PACK_H
#define APPLIANCE_ARTIFACT_PACK_H

#include "appliance/artifact.h"

/* A disk to pack. All borrowed. */
struct appliance_artifact_input {
    const char *name; /* as appliance_artifact_disk_name makes it */
    const char *path; /* of a raw image */
};

/* Packs a config and its disks into a layout in a directory. Returns 0, or -1 with an error; the
 * directory is to be removed then. */
int appliance_artifact_pack(const json_t *config, const char *architecture,
    const struct appliance_artifact_input *inputs, size_t count, const char *directory,
    const struct appliance_artifact_progress *progress, struct error **err);

#endif
