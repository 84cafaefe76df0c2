/* The disks, in the VMI's order, with the names that KubeVirt gives them. */
#ifndef MACHINE_DISKS_H
#define MACHINE_DISKS_H

#include "machine/conversion.h"

/* Writes a <disk> for each disk, and for each volume without a disk. */
void machine_disks_convert(const struct machine_conversion *conversion);

#endif
