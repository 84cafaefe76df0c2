/* Converts a VirtualMachineInstance to libvirt domain XML, with the order, target names and aliases
 * that KubeVirt uses, since hooks look for them. */
#ifndef MACHINE_CONVERT_H
#define MACHINE_CONVERT_H

#include "machine/host.h"
#include "machine/volume.h"

/* Converts a checked VMI (machine_check found no errors) with its volumes, found or not. The
 * domain's name is NAMESPACE_NAME. Returns the document, owned by the caller, or NULL with all
 * errors among the findings (a disk without its volume, EFI without its firmware file, …). */
char *machine_convert(const json_t *vmi, const struct machine_volumes *volumes,
    const struct machine_host *host, size_t *length, struct findings *findings);

#endif
