/* The format of a disk image, from its first bytes: what CDI can take, and how large a disk it makes.
 * Sources: QEMU, docs/interop/qcow2; the specifications of VMDK 5.0, VHD 1.0, VHDX 1.0; VirtualBox's
 * VDICore.h; RFC 1952 (gzip), the .xz format 1.1, RFC 8878 (zstd); ECMA-119 (ISO 9660). */
#ifndef APPLIANCE_IMAGE_H
#define APPLIANCE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { APPLIANCE_IMAGE_HEAD = 68 << 10 }; /* bytes that are enough to tell a format */

struct appliance_image {
    const char
        *format; /* "qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx", "gzip", "xz", "zstd", "iso";
                           static */
    uint64_t disk_bytes; /* of the disk in it; 0: the head does not say */
};

/* Tells the format of a file of file_bytes that begins with head (APPLIANCE_IMAGE_HEAD bytes, or the
 * whole file). With any, what is not known is a raw disk. Returns 0, or -1 with an input error: it is
 * empty, a qcow2 image with a backing file, another kind of file, or, unless any is set, not a disk
 * with a partition table or file system. */
int appliance_image_detect(const void *head, size_t length, uint64_t file_bytes, bool any,
    struct appliance_image *out, struct error **err);

#endif
