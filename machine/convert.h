/* VirtualMachineInstance → libvirt domain XML, with the order, target names and aliases that
 * KubeVirt gives, since hooks look for them. */
#ifndef MACHINE_CONVERT_H
#define MACHINE_CONVERT_H

#include "machine/host.h"
#include "machine/volume.h"

/* The domain of a checked VMI (machine_check found nothing) with its volumes, found or not. Its
 * name is NAMESPACE_NAME. Returns the document, owned by the caller, or NULL with all reasons among
 * the findings (a disk without its volume, EFI without its firmware file, …). */
char *machine_convert(const json_t *vmi, const struct machine_volumes *volumes,
    const struct machine_host *host, size_t *length, struct findings *findings);

#endif
