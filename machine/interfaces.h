/* The network interfaces of the domain. */
#ifndef MACHINE_INTERFACES_H
#define MACHINE_INTERFACES_H

#include "machine/conversion.h"

/* Whether the domain has an element for an interface of the VMI: it has none for one whose state is
 * absent, nor for one that a network binding plugin makes, whose sidecar adds it. */
bool machine_interface_is_written(const json_t *interface);

/* Writes them, and finds faults in the VMI's networks and ports. */
void machine_interfaces_convert(const struct machine_conversion *conversion);

#endif
