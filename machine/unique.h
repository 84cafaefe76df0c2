/* What must be unique to each device: its name, which becomes an alias, and its boot order. */
#ifndef MACHINE_UNIQUE_H
#define MACHINE_UNIQUE_H

#include "machine/conversion.h"

/* Adds an error for each name and boot order that two devices share. */
void machine_unique_check(const struct machine_conversion *conversion);

#endif
