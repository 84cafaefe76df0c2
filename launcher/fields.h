/* Which fields of a VirtualMachineInstance hook-launcher understands: one table behind the check,
 * the conversion's trust in what it reads, and docs/launcher.md. */
#ifndef LAUNCHER_FIELDS_H
#define LAUNCHER_FIELDS_H

#include <jansson.h>

#include "base/finding.h"

enum launcher_field_kind {
    LAUNCHER_STRING,
    LAUNCHER_INTEGER, /* within min and max */
    LAUNCHER_BOOLEAN,
    LAUNCHER_QUANTITY, /* of bytes, as Kubernetes writes it */
    LAUNCHER_OBJECT,
    LAUNCHER_ARRAY,
    LAUNCHER_SCHEDULING, /* anything: it is the pod's, and means nothing to the domain */
};

struct launcher_field {
    const char *path; /* below the VMI: "spec.domain.devices.disks[].disk.bus" */
    enum launcher_field_kind kind;
    long long min, max; /* of an integer */
    const char *const *values; /* what a string may be, NULL-terminated; NULL: anything */
    const char *help; /* one line */
};

/* All of them, parents before children. Static. */
const struct launcher_field *launcher_fields(size_t *count);

/* Checks a VMI against the table: a field outside it is an error that names the nearest known one,
 * as is a value of the wrong kind or range. Findings' pointers are relative to the VMI. metadata
 * and status are not looked at. */
void launcher_check(const json_t *vmi, struct findings *findings);

#endif
