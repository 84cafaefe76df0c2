/* One disk of a VMI: what it is, and what is wrong with it. */
#ifndef MACHINE_DISK_H
#define MACHINE_DISK_H

#include "machine/conversion.h"

struct machine_disk {
    const json_t *spec; /* NULL: added for a volume without a disk, as KubeVirt does */
    const char *name;
    const char *place; /* its JSON Pointer */
    const char *device; /* "disk", "cdrom" or "lun" */
    const json_t *target; /* the disk's object of that name, or NULL */
    const char *bus;
    const struct machine_volume *volume; /* NULL: a drive without a CD-ROM, or an error */
    size_t unit; /* its number among the disks of its prefix */
    unsigned thread; /* the number of its thread of I/O; 0: none */
    unsigned pool; /* it uses the threads 1 to pool; 0: none */
};

/* Sets device, target, bus and volume from spec, name and place. A disk of two kinds is an error. */
void machine_disk_read(const struct machine_conversion *conversion, struct machine_disk *disk);

/* Finds faults in what the VMI says about a disk, and in its combination with its volume. */
void machine_disk_check(
    const struct machine_conversion *conversion, const struct machine_disk *disk);

/* Whether its bus is virtio, or its device is "cdrom". */
bool machine_disk_is_virtio(const struct machine_disk *disk);
bool machine_disk_is_cdrom(const struct machine_disk *disk);

#endif
