/* How many devices a VMI has on the PCI bus, and which slots they get. */
#ifndef MACHINE_PCI_PLAN_H
#define MACHINE_PCI_PLAN_H

#include "machine/pci.h"

/* Counts the devices of a checked VMI as KubeVirt does: every controller and the balloon count,
 * even if their model is "none"; screen, sound and panic devices do not. */
void machine_pci_plan(const struct machine_conversion *conversion, struct machine_pci *out);

#endif
