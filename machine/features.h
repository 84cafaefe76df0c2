/* The machine's features, such as ACPI. */
#ifndef MACHINE_FEATURES_H
#define MACHINE_FEATURES_H

#include "machine/conversion.h"

/* Writes <features>. */
void machine_features_convert(const struct machine_conversion *conversion);

/* Whether Hyper-V's nested VMCS is on, which needs the processor's feature vmx. */
bool machine_features_have_evmcs(const struct machine_conversion *conversion);

#endif
