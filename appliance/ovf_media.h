/* The disks and files that an OVF descriptor lists: its References and its DiskSection. */
#ifndef APPLIANCE_OVF_MEDIA_H
#define APPLIANCE_OVF_MEDIA_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/finding.h"

enum {
    APPLIANCE_OVF_MAX_MEDIA = 500, /* files; and disks */
    APPLIANCE_OVF_MAX_HREF = 255,
};

struct appliance_ovf_medium {
    bool is_disk; /* of the DiskSection; else a file */
    long line; /* in the descriptor */
    char *id; /* owned, as are the others */
    char *href; /* the file's name within the package; NULL: an empty disk */
    char *format; /* the URI of the disk's format; NULL: it does not say */
    char *parent; /* the id of the disk that it only has the differences to; or NULL */
    long long capacity; /* bytes; 0: it does not say */
    long long size; /* of the file, bytes; -1: it does not say */
    bool is_split; /* the file is in parts, or compressed as a whole */
};

/* Zeroed is empty. */
struct appliance_ovf_media {
    struct appliance_ovf_medium *items; /* owned */
    size_t count;
};

/* Whether a name of a file in a package is one that may be used: relative, of at most
 * APPLIANCE_OVF_MAX_HREF bytes, without "..", "//", backslashes, control characters and a URL's
 * "://". */
bool appliance_ovf_name_is_safe(const char *name);

/* Reads both sections of an Envelope. Adds what is wrong as errors: names that are not safe,
 * references to files that are not listed, capacities that are not amounts of bytes. */
void appliance_ovf_media_read(
    struct appliance_ovf_media *media, const xmlNode *envelope, struct findings *findings);

/* What a HostResource names: "ovf:/disk/ID", "/disk/ID", "ovf:/file/ID"; NULL: nothing that is
 * listed. Borrowed. */
const struct appliance_ovf_medium *appliance_ovf_media_find(
    const struct appliance_ovf_media *media, const char *resource);

void appliance_ovf_media_clear(struct appliance_ovf_media *media);

#endif
