/* The PCI slots that KubeVirt keeps free for interfaces that could be plugged in. */
#ifndef MACHINE_SLOTS_H
#define MACHINE_SLOTS_H

#include "machine/conversion.h"

/* Returns for how many interfaces slots are kept: for those that are missing to four, if there is
 * one, or to the number in an annotation. If there are any, KubeVirt has libvirt give all devices
 * their slots, and makes the document after that anew. An invalid annotation counts as absent.
 * Source: KubeVirt's user guide, "Hotplug Network Interfaces". */
size_t machine_slots_kept(const struct machine_conversion *conversion);

/* Adds an error if the annotation is not a number of slots. */
void machine_slots_check(const struct machine_conversion *conversion);

/* Whether an annotation of the VMI places its devices on the root complex. */
bool machine_slots_are_on_root(const struct machine_conversion *conversion);

#endif
