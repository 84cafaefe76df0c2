/* The partition table of a disk, as far as it tells Windows from other systems. */
#ifndef APPLIANCE_PARTITIONS_H
#define APPLIANCE_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    APPLIANCE_SECTOR_BYTES = 512,
    APPLIANCE_PARTITIONS_HEAD_BYTES = 64 * APPLIANCE_SECTOR_BYTES, /* with a whole GPT */
    APPLIANCE_PARTITIONS_MAX = 16,
};

struct appliance_partitions {
    bool has_linux; /* one is marked as Linux' own */
    uint64_t windows[APPLIANCE_PARTITIONS_MAX]; /* the first sectors of those that may be NTFS */
    size_t count;
};

/* Reads the first bytes of a disk, at most APPLIANCE_PARTITIONS_HEAD_BYTES of them. Without a table
 * there are no partitions.
 * Source: UEFI Specification, GUID Partition Table and legacy MBR. */
void appliance_partitions_read(const void *head, size_t length, struct appliance_partitions *out);

/* Whether the first sector of a partition is that of a file system of Windows: NTFS, or BitLocker. */
bool appliance_partitions_is_windows(const void *sector, size_t length);

#endif
