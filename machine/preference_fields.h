/* The fields of a preference's spec. */
#ifndef MACHINE_PREFERENCE_FIELDS_H
#define MACHINE_PREFERENCE_FIELDS_H

#include "base/schema.h"

/* What is copied to the VM is checked there.
 * Source: KubeVirt API reference, VirtualMachinePreferenceSpec. */
extern const struct schema machine_preference_schema;

#endif
