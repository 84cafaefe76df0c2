/* Network interfaces: all of them on QEMU's user networking, whatever KubeVirt would bind them
 * to, since a guest here has no network of its own. */
#ifndef MACHINE_INTERFACES_H
#define MACHINE_INTERFACES_H

#include "machine/conversion.h"

/* Writes an <interface> for each interface. */
void machine_interfaces_convert(const struct machine_conversion *conversion);

#endif
