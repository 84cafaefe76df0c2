/* Which fields of a VirtualMachineInstance Hookline understands: one table behind the check, the
 * conversion's trust in what it reads, and docs/launcher.md. */
#ifndef MACHINE_FIELDS_H
#define MACHINE_FIELDS_H

#include "base/schema.h"

enum {
    MACHINE_MAX_ITEMS = 256, /* of an array; KubeVirt's own limit */
    MACHINE_MAX_CPUS = 512, /* sockets times cores times threads; KubeVirt's own limit */
    MACHINE_MAX_NAME = 63,
};

/* A VMI. Each field of the machine has its type and, in one line, its help; what is around the
 * machine (metadata, status) has none. null is no value, as in Kubernetes. */
extern const struct schema machine_schema;

#endif
