/* The element of a disk in the domain. */
#ifndef MACHINE_DISK_ELEMENT_H
#define MACHINE_DISK_ELEMENT_H

#include "machine/disk.h"

/* Writes <disk>. The disk is on a volume, or a CD-ROM drive without one. */
void machine_disk_element_write(
    const struct machine_conversion *conversion, const struct machine_disk *disk);

#endif
