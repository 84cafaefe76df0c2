/* The devices on the guest's PCI bus, and their places on it. */
#ifndef MACHINE_PCI_H
#define MACHINE_PCI_H

#include <stdbool.h>
#include <stddef.h>

#include "machine/conversion.h"

/* The classes of devices, in the order in which KubeVirt places them on the root complex. */
enum machine_pci_class {
    MACHINE_PCI_INTERFACE,
    MACHINE_PCI_CONTROLLER,
    MACHINE_PCI_DISK, /* on the virtio bus */
    MACHINE_PCI_INPUT, /* on the virtio bus */
    MACHINE_PCI_WATCHDOG,
    MACHINE_PCI_RNG,
    MACHINE_PCI_BALLOON,
    MACHINE_PCI_CLASSES,
};

struct machine_pci {
    size_t count; /* of all devices */
    bool on_root; /* each device gets a slot of the root complex */
    size_t next[MACHINE_PCI_CLASSES]; /* on_root: how many devices come before the next one */
};

/* Writes the <address> of the next device of a class: the given one (such as 0000:81:01.0, or NULL,
 * from the VMI's place), or its slot on the root complex. Writes nothing if neither applies. A
 * malformed address and a full root complex are errors. */
void machine_pci_place(const struct machine_conversion *conversion, enum machine_pci_class class,
    const char *given, const char *place);

#endif
