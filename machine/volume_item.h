/* One volume of a VMI as a file or device of this machine, and what its search may use. */
#ifndef MACHINE_VOLUME_ITEM_H
#define MACHINE_VOLUME_ITEM_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/finding.h"
#include "base/pairs.h"

enum machine_volume_kind {
    MACHINE_CONTAINER_DISK, /* an overlay over a file that is never written to */
    MACHINE_HOST_DISK,
    MACHINE_PVC, /* its image; or a lasting overlay over it */
    MACHINE_EPHEMERAL, /* an overlay over a claim */
    MACHINE_EMPTY_DISK,
    MACHINE_CLOUD_INIT_NO_CLOUD,
    MACHINE_CLOUD_INIT_CONFIG_DRIVE,
    MACHINE_DIRECTORY_ISO, /* configMap, secret and the like: a directory's files as an ISO */
    MACHINE_DOWNWARD_METRICS, /* a small disk for metrics, in vhostmd's format */
};

struct machine_volume {
    const char *name; /* borrowed from the VMI */
    enum machine_volume_kind kind;
    char *source; /* the file, device or directory that must exist; NULL if none is needed */
    char *path; /* the source of the domain's disk; below the work directory if it is temporary */
    const char *format; /* of path: "raw" or "qcow2"; static */
    const char *backing_format; /* of source, under an overlay; static, or NULL */
    bool block; /* path is a block device */
    bool backing_block; /* source is one */
    bool direct_io; /* direct I/O works; assumed in a dry run */
    bool allocated; /* path is a file without holes, or will be one */
    bool preallocated; /* the status says that all of the claim was; nothing is given back */
    const char *label; /* of an ISO made of a directory; borrowed */
    long long capacity; /* bytes: of what is created, or of the image of a claim, 0 if unknown */
    const json_t *spec; /* the volume in the VMI; borrowed */
};

/* Detects the format of the image at path: *format is "qcow2" or "raw", static. Returns 0, or -1
 * with an error for an image that must not back a guest's disk. */
typedef int machine_image_inspector(const char *path, const char **format, struct error **err);

/* Checks that the file at path is a qcow2 overlay that a guest may write to. Returns 0, or -1 with
 * an error. */
typedef int machine_overlay_checker(const char *path, struct error **err);

/* All that it points to is borrowed. */
struct machine_volume_options {
    struct pairs container_disks; /* --container-disk NAME=PATH, NAME the volume's */
    struct pairs pvcs; /* --pvc NAME=PATH, NAME the claim's */
    struct pairs overlays; /* --overlay NAME=PATH, NAME the claim's */
    struct pairs directories; /* --volume-dir NAME=PATH, NAME the volume's */
    machine_image_inspector *inspect; /* called for each container disk that exists, and for what
                                         is below an overlay */
    machine_overlay_checker *check_overlay; /* called for each overlay that exists */
    const char *work_directory; /* where created files go */
    bool dry_run; /* sources need not exist; formats are then taken from file names */
};

#endif
