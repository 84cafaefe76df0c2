/* The processors of the domain. */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "machine/conversion.h"

/* Writes <cpu> with its model and topology, and <vcpu>. */
void machine_cpu_convert(const struct machine_conversion *conversion);

#endif
