/* The disk image of an OVF package, before qemu-img gets it: its format, from its own bytes, and that
 * it is in one file. Whoever made a package must not choose which other files of this machine are
 * read. */
#ifndef APPLIANCE_OVF_IMAGE_H
#define APPLIANCE_OVF_IMAGE_H

#include "base/error.h"

/* Finds the format of the image at path, by qemu-img's name: "vmdk", "qcow2", "vpc", "vhdx", "vdi",
 * or "raw" for all else; static. declared is what the descriptor says (NULL: nothing). name is the
 * file's name in errors. Returns 0, or -1 with an io error, or an input error: the image has a
 * backing chain (is the difference to another one), refers to other files, or has another format than
 * is declared.
 * Source: VMware, Virtual Disk Format 5.0; QEMU, docs/interop/qcow2; Microsoft, VHD 1.0 and
 * MS-VHDX; VirtualBox's VDICore.h. */
int appliance_ovf_image_inspect(const char *path, const char *name, const char *declared,
    const char **format, struct error **err);

#endif
