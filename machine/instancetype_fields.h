/* The fields of an instance type's spec. */
#ifndef MACHINE_INSTANCETYPE_FIELDS_H
#define MACHINE_INSTANCETYPE_FIELDS_H

#include "base/schema.h"

/* What is copied to the VM is checked there.
 * Source: KubeVirt API reference, VirtualMachineInstancetypeSpec. */
extern const struct schema machine_instancetype_schema;

#endif
