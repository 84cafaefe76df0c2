/* What each device must have for itself: its name, which becomes an alias, and its boot order. */
#ifndef MACHINE_UNIQUE_H
#define MACHINE_UNIQUE_H

#include "machine/conversion.h"

/* Adds an error for every name and boot order that two devices have. */
void machine_unique_check(const struct machine_conversion *conversion);

#endif
