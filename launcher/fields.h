/* Which fields of a VirtualMachineInstance hook-launcher understands: one table behind the check,
 * the conversion's trust in what it reads, and docs/launcher.md. */
#ifndef LAUNCHER_FIELDS_H
#define LAUNCHER_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"

enum launcher_field_kind {
    LAUNCHER_STRING, /* printable: it may come into the domain */
    LAUNCHER_NAME, /* a string that can be an alias and part of a file name */
    LAUNCHER_TEXT, /* a string of any characters: it does not come into the domain */
    LAUNCHER_INTEGER, /* within min and max */
    LAUNCHER_BOOLEAN,
    LAUNCHER_QUANTITY, /* of bytes or CPUs, as Kubernetes writes it */
    LAUNCHER_OBJECT,
    LAUNCHER_ARRAY, /* of objects, at most LAUNCHER_MAX_ITEMS; its path ends in "[]" */
    LAUNCHER_SCHEDULING, /* anything: it is the pod's, and means nothing to the domain */
};

enum {
    LAUNCHER_MAX_ITEMS = 256, /* of an array; KubeVirt's own limit */
    LAUNCHER_MAX_CPUS = 512, /* sockets times cores times threads; KubeVirt's own limit */
    LAUNCHER_MAX_NAME = 63,
    LAUNCHER_MAX_MEMBERS = 32, /* of an object of the table */
};

struct launcher_field {
    const char *path; /* below the VMI: "spec.domain.devices.disks[].disk.bus" */
    enum launcher_field_kind kind;
    long long min, max; /* of an integer */
    const char *const *values; /* what a string may be, NULL-terminated; NULL: anything */
    bool required; /* where the object that it belongs to is there */
    const char *help; /* one line */
};

/* All of them; what is below an object or array stands directly behind it. Static. */
const struct launcher_field *launcher_fields(size_t *count);

/* What a kind is called in documentation: "string", "integer", … Static. */
const char *launcher_field_kind_name(enum launcher_field_kind kind);

/* Checks a VMI against the table: a field outside it is an error that names the nearest known one,
 * as is a value of the wrong kind or range. null is no value, as in Kubernetes. Findings' pointers
 * are relative to the VMI. metadata and status are not looked at. */
void launcher_check(const json_t *vmi, struct findings *findings);

#endif
