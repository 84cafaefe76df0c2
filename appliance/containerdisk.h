/* containerDisks: container images with one disk image, in /disk, for the user that KubeVirt's virtual
 * machines run as.
 * Source: KubeVirt 1.9, docs/container-register-disks.md, pkg/container-disk. */
#ifndef APPLIANCE_CONTAINERDISK_H
#define APPLIANCE_CONTAINERDISK_H

#include "appliance/artifact.h"

enum { APPLIANCE_CONTAINERDISK_ID = 107 }; /* the user and the group qemu */

/* Limits of a layer that is read. */
#define APPLIANCE_CONTAINERDISK_MAX_BYTES ((uint64_t)1 << 40)
enum { APPLIANCE_CONTAINERDISK_MAX_ENTRIES = 1 << 20 };

/* Packs the disk image at path, as it is, as /disk/NAME of an image, into a layout in a directory.
 * Returns 0, or -1 with an error; the directory is to be removed then. */
int appliance_containerdisk_pack(const char *path, const char *name, const char *architecture,
    const char *directory, const struct appliance_artifact_progress *progress, struct error **err);

/* Writes the disk image of the image for a platform (NULL: the only one) into a new directory, under
 * its own name. The directory appears when it is complete. Returns 0 with *name, owned by the caller,
 * or -1 with an error, and there is none: no file in /disk, or several; more than the limits. */
int appliance_containerdisk_unpack(const struct oci_source *source, const char *platform,
    const char *directory, const struct appliance_artifact_progress *progress, char **name,
    struct error **err);

#endif
