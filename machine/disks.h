/* The disks, in the VMI's order, under the names that KubeVirt gives them. */
#ifndef MACHINE_DISKS_H
#define MACHINE_DISKS_H

#include "machine/conversion.h"

/* Writes a <disk> for each disk, and for each volume that has none. */
void machine_disks_convert(const struct machine_conversion *conversion);

#endif
