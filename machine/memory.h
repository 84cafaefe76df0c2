/* The memory of the domain. */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include "machine/conversion.h"

/* Writes <memory>; a VMI that says nothing of memory is an error. */
void machine_memory_convert(const struct machine_conversion *conversion);

#endif
