/* The memory of the domain. */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include "machine/conversion.h"

/* Writes <memory>; it is an error if the VMI does not give an amount. */
void machine_memory_convert(const struct machine_conversion *conversion);

#endif
