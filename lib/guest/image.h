/* Inspects the file of a disk image: its format, and what makes it unfit to be the base of a
 * guest's disk. */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include "base/error.h"

/* Finds the format of the image at path: *format is "qcow2" for a file that begins as one, else
 * "raw"; static. Returns 0, or -1 with an io error when it cannot be read, or an input error for a
 * qcow2 image that refers to other files: its author would choose which files of this machine the
 * guest can read.
 * Source: QEMU, docs/interop/qcow2. */
int guest_image_inspect(const char *path, const char **format, struct error **err);

#endif
