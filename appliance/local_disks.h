/* The disks of a completed VM as files on this machine. */
#ifndef APPLIANCE_LOCAL_DISKS_H
#define APPLIANCE_LOCAL_DISKS_H

#include <jansson.h>

#include "appliance/local_source.h"

enum appliance_local_disk_kind {
    APPLIANCE_LOCAL_OVERLAY, /* a claim: a qcow2 overlay over its image */
    APPLIANCE_LOCAL_BLANK, /* a claim: an empty raw image */
    APPLIANCE_LOCAL_CLAIM, /* an ephemeral claim: its image, which is never written */
    APPLIANCE_LOCAL_CONTAINER_DISK, /* the image, which is never written */
};

struct appliance_local_disk {
    enum appliance_local_disk_kind kind;
    char *name; /* of the claim or, of a container disk, of the volume; owned */
    char *file; /* to be made, in the VM's directory: "disks/root.qcow2"; or NULL; owned */
    char *source; /* the path of its image; NULL: it has none; owned */
    const char *format; /* of source; static */
    long long size; /* of the disk, in bytes; 0: that of its source */
};

/* Zeroed is empty. */
struct appliance_local_disks {
    struct appliance_local_disk *items; /* owned */
    size_t count;
};

/* Finds the images of a VM's disks and what is to be made for them; vmi is what it is expanded to.
 * An image that is missing, has a backing file, is in a format that cannot be told for sure, or is
 * larger than the disk asked for is an error among the findings, whose pointers are within the VM.
 * Returns 0, or -1 with errors; appliance_local_disks_clear is due either way. */
int appliance_local_disks_find(struct appliance_local_disks *out, const json_t *vm,
    const json_t *vmi, struct appliance_local_sources *sources, struct findings *findings);

void appliance_local_disks_clear(struct appliance_local_disks *disks);

#endif
