/* The machine's features, such as ACPI. */
#ifndef MACHINE_FEATURES_H
#define MACHINE_FEATURES_H

#include "machine/conversion.h"

/* Writes <features>. */
void machine_features_convert(const struct machine_conversion *conversion);

#endif
