/* The guest's memory. */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include "machine/conversion.h"

/* Returns the guest's memory in bytes when it starts: memory.guest, else the memory request, the
 * memory limit or one huge page; 0 if the VMI has none of them. */
long long machine_memory_guest(const struct machine_conversion *conversion);

/* Writes <memory>, <maxMemory> if memory could be plugged in, and <memoryBacking> if huge pages
 * make it or another process shares it. */
void machine_memory_convert(const struct machine_conversion *conversion);

/* Whether the memory is a file (memfd), for which QEMU needs a NUMA node. */
bool machine_memory_is_file(const struct machine_conversion *conversion);

#endif
