/* Inspects the file of a disk image: its format, its size, and what makes it unfit to be the base of
 * a guest's disk. */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include "base/error.h"

/* Finds the format of the image at path: *format is "qcow2" for a file that begins as one, else
 * "raw"; static. Returns 0, or -1 with an io error when it cannot be read, or an input error for a
 * qcow2 image that refers to other files: its author would choose which files of this machine the
 * guest can read.
 * Source: QEMU, docs/interop/qcow2. */
int guest_image_inspect(const char *path, const char **format, struct error **err);

struct guest_image {
    const char *format; /* "qcow2" or "raw"; static */
    long long size; /* of the disk, in bytes */
};

/* The same, and more strict, for a file or block device from which disks are to be made: an input
 * error also for an encrypted qcow2 image, and for what begins as an image of another format or as a
 * compressed file, which says how to convert it. A raw image has to have at least one sector. */
int guest_image_examine(const char *path, struct guest_image *out, struct error **err);

/* Checks that the file at path is a qcow2 image whose data is in no other file, apart from that
 * below it, which its user is to give. Returns 0, or -1 with an error as above. */
int guest_image_check_overlay(const char *path, struct error **err);

#endif
