/* What the firmware tells the guest about its machine. */
#ifndef MACHINE_SYSINFO_H
#define MACHINE_SYSINFO_H

#include "machine/conversion.h"

/* Writes <sysinfo>, the SMBIOS system table and chassis; KubeVirt's is empty where it has nothing to
 * say. */
void machine_sysinfo_convert(const struct machine_conversion *conversion);

#endif
