/* The guest's clock with its timers. */
#ifndef MACHINE_CLOCK_H
#define MACHINE_CLOCK_H

#include "machine/conversion.h"

/* Writes <clock> if the VMI has one. */
void machine_clock_convert(const struct machine_conversion *conversion);

#endif
