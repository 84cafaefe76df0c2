/* The host on which the guest runs, as far as its domain depends on it. */
#ifndef MACHINE_HOST_H
#define MACHINE_HOST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/finding.h"

/* Finds the firmware for EFI: *code, the program, and *vars, the template of its variables, both
 * static; for Secure Boot, the one whose variables hold keys. any: succeeds even if no file exists.
 * Returns 0, or -1 with an io error. */
typedef int machine_firmware_finder(
    bool secure_boot, bool any, const char **code, const char **vars, struct error **err);

/* Which of the documents that KubeVirt makes for one launch. It hands its hooks all: the first one
 * to count the free PCI slots, the last one, with root ports in these slots, to define the guest. */
enum machine_form {
    MACHINE_FORM_DEFINITION, /* xmlns:qemu only if slots are kept for interfaces, and no ports */
    MACHINE_FORM_FIRST, /* xmlns:qemu in the root element; no root ports; an interface per slot */
};

struct machine_host {
    enum machine_form form;
    bool kvm; /* domain type kvm; else qemu (emulation) */
    bool test; /* domain type test, whatever kvm says: for libvirt's test driver */
    const char *console_file; /* the log of the serial console; or NULL */
    machine_firmware_finder *find_firmware;
    const char *work_directory; /* where sockets and EFI's variables go */
    bool dry_run; /* the files of the kernel and of EFI need not exist */
};

/* Returns 0, or -1 with a usage error, which names the option, for a path that a domain cannot
 * hold. */
int machine_host_check(const struct machine_host *host, struct error **err);

#endif
