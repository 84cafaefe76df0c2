/* Partition tables of disks that strangers made. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/partitions.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct appliance_partitions found;
    appliance_partitions_read(data, size, &found);
    check(found.count <= APPLIANCE_PARTITIONS_MAX);
    check(size >= 11 || !appliance_partitions_is_windows(data, size));
    return 0;
}
