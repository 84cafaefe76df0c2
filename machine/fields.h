/* The fields of a VirtualMachineInstance: one table for the check, on which the conversion relies,
 * and for docs/launcher.md. Each field that KubeVirt's API has below spec (machine/tables/) is
 * taken, refused with a reason, or of kind any: without meaning here. */
#ifndef MACHINE_FIELDS_H
#define MACHINE_FIELDS_H

#include "base/schema.h"

enum {
    MACHINE_MAX_ITEMS = 256, /* of an array; KubeVirt's own limit */
    MACHINE_MAX_CPUS = 512, /* sockets times cores times threads; KubeVirt's own limit */
};

/* A VMI. Each field of spec has a type and a one-line help; kind, metadata and status have no help.
 * null means that a field is absent, as in Kubernetes; so does "", but for rows that take it. */
extern const struct schema machine_schema;

#endif
