/* VirtualMachineInstance → libvirt domain XML, with the order, target names and aliases that
 * KubeVirt gives, since hooks look for them. */
#ifndef LAUNCHER_CONVERT_H
#define LAUNCHER_CONVERT_H

#include "launcher/volume.h"

struct launcher_machine {
    bool kvm; /* domain type kvm; else qemu (emulation) */
    bool test; /* domain type test, whatever kvm says: for libvirt's test driver */
    const char *console_file; /* the serial console is logged there; or NULL */
    const char *console_socket; /* a unix socket that the serial console listens on; or NULL: pty */
    const char *ovmf_code; /* firmware for EFI; NULL: found in the usual places */
    const char *ovmf_vars;
    const char *work_directory; /* where the screen's socket and EFI's variables go */
    bool dry_run; /* the files of a kernel and of EFI need not be there */
};

/* The domain of a checked VMI (launcher_check found nothing) with its volumes, found or not. Its
 * name is NAMESPACE_NAME. Returns the document, owned by the caller, or NULL with all reasons among
 * the findings (a disk without its volume, EFI without its firmware file, …). */
char *launcher_convert(const json_t *vmi, const struct launcher_volumes *volumes,
    const struct launcher_machine *machine, size_t *length, struct findings *findings);

#endif
