/* Network interfaces, all on QEMU's user networking, whatever binding KubeVirt would use: the guest
 * has no pod network here. */
#ifndef MACHINE_INTERFACES_H
#define MACHINE_INTERFACES_H

#include "machine/conversion.h"

/* Writes an <interface> for each interface. */
void machine_interfaces_convert(const struct machine_conversion *conversion);

#endif
