/* What the guest boots: its firmware, or a kernel. */
#ifndef MACHINE_OS_H
#define MACHINE_OS_H

#include "machine/conversion.h"

/* Writes <os>. */
void machine_os_convert(const struct machine_conversion *conversion);

#endif
