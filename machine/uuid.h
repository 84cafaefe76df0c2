/* The UUID of a virtual machine: in its SMBIOS system table, and in its cloud-init data. */
#ifndef MACHINE_UUID_H
#define MACHINE_UUID_H

#include <jansson.h>

/* Returns spec.domain.firmware.uuid as it is written, or else the UUID that KubeVirt derives from
 * the name of a VirtualMachine. Owned by the caller.
 * Source: KubeVirt, the UUID of a machine's firmware: version 5 of RFC 4122. */
char *machine_uuid(const json_t *vmi);

#endif
