/* All devices, in KubeVirt's order. */
#ifndef MACHINE_DEVICES_H
#define MACHINE_DEVICES_H

#include "machine/conversion.h"

/* Writes <devices>. */
void machine_devices_convert(const struct machine_conversion *conversion);

#endif
