/* The controllers of the guest's buses. */
#ifndef MACHINE_CONTROLLERS_H
#define MACHINE_CONTROLLERS_H

#include <stddef.h>

#include "machine/conversion.h"

/* How many of the controllers that the VMI asks for count as PCI devices in KubeVirt; the root
 * ports do not. */
size_t machine_controllers_count(const struct machine_conversion *conversion);

/* Returns how many PCIe root ports KubeVirt adds for devices that could be plugged in, beyond the
 * slots that it keeps for interfaces. */
long long machine_controllers_count_ports(const struct machine_conversion *conversion);

/* Writes the controllers; in the form for the definition also the PCIe root ports for devices that
 * could be plugged in. Their number depends on the PCI devices and on the memory.
 * Source: KubeVirt's user guide, hotplug; its launcher, for the numbers. */
void machine_controllers_convert(const struct machine_conversion *conversion);

#endif
