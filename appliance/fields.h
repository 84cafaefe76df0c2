/* The fields of a VirtualMachine, by name and type: the committed table is generated from
 * KubeVirt's and CDI's CustomResourceDefinitions (make tables). */
#ifndef APPLIANCE_FIELDS_H
#define APPLIANCE_FIELDS_H

#include "base/schema.h"

/* Finds what KubeVirt's API does not know. Before its parameters are replaced, a VM may have
 * references to them: "${KEY}" wherever a string may be, "${{KEY}}" anywhere. */
extern const struct schema appliance_vm_schema;

/* The table, and for each row the index of the first one after it that is not below it. */
extern const struct schema_field appliance_vm_fields[];
extern const unsigned short appliance_vm_fields_after[];

#endif
