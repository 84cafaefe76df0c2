/* The memory of the domain. */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include "machine/conversion.h"

/* Returns the bytes of the guest's memory; 0 if the VMI does not say. */
long long machine_memory_guest(const struct machine_conversion *conversion);

/* Writes <memory>; it is an error if the VMI does not give an amount. */
void machine_memory_convert(const struct machine_conversion *conversion);

#endif
