/* The volumes of a VMI as files and devices of this machine: where each disk's data is, and what
 * has to be made before the guest starts (overlays, empty disks, ISO images). */
#ifndef LAUNCHER_VOLUME_H
#define LAUNCHER_VOLUME_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/finding.h"

/* NAME=PATH options of the command line. */
struct launcher_mapping {
    char *name;
    char *path;
};
struct launcher_mappings {
    struct launcher_mapping *items;
    size_t count;
};

enum launcher_volume_kind {
    LAUNCHER_CONTAINER_DISK, /* an overlay over a file that stays as it is */
    LAUNCHER_HOST_DISK,
    LAUNCHER_PVC,
    LAUNCHER_EMPTY_DISK,
    LAUNCHER_CLOUD_INIT_NO_CLOUD,
    LAUNCHER_CLOUD_INIT_CONFIG_DRIVE,
    LAUNCHER_DIRECTORY_ISO, /* configMap, secret, downwardAPI: a directory's files as an ISO */
};

struct launcher_volume {
    const char *name; /* borrowed from the VMI */
    enum launcher_volume_kind kind;
    char *source; /* the file, device or directory that must be there; NULL for what is made anew */
    char *path; /* what the domain's disk points to; below the work directory when it is made */
    const char *format; /* of path: "raw" or "qcow2"; static */
    const char *backing_format; /* of source below an overlay; static, or NULL */
    bool block; /* path is a block device */
    long long capacity; /* bytes, of an empty disk or a host disk that is to be created */
    const json_t *spec; /* the volume in the VMI; borrowed */
};

struct launcher_volumes {
    struct launcher_volume *items;
    size_t count;
};

struct launcher_volume_options {
    struct launcher_mappings container_disks; /* --container-disk NAME=PATH, NAME the volume's */
    struct launcher_mappings pvcs; /* --pvc NAME=PATH, NAME the claim's */
    struct launcher_mappings directories; /* --volume-dir NAME=PATH, NAME the volume's */
    const char *work_directory; /* where made files go */
    bool dry_run; /* sources need not be there; formats are then taken from the names */
};

/* Finds every volume of a checked VMI (launcher_check found nothing). Sources that are missing or
 * not readable are errors among the findings, which say the option that gives them. Where an
 * option gives none, a source is sought where KubeVirt mounts it. Returns 0, or -1 when there
 * were errors; *out is owned by the caller either way, so that a conversion can add its own. */
int launcher_volumes_find(const json_t *vmi, const struct launcher_volume_options *options,
    struct launcher_volumes *out, struct findings *findings);

const struct launcher_volume *launcher_volume_named(
    const struct launcher_volumes *volumes, const char *name);

void launcher_volumes_clear(struct launcher_volumes *volumes);

#endif
