/* Which fields of a VirtualMachineInstance Hookline understands: one table behind the check, the
 * conversion's trust in what it reads, and docs/launcher.md. */
#ifndef MACHINE_FIELDS_H
#define MACHINE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum machine_field_kind {
    MACHINE_STRING, /* printable: it may come into the domain */
    MACHINE_NAME, /* a string that can be an alias and part of a file name */
    MACHINE_TEXT, /* a string of any characters: it does not come into the domain */
    MACHINE_INTEGER, /* within min and max */
    MACHINE_BOOLEAN,
    MACHINE_QUANTITY, /* of bytes or CPUs, as Kubernetes writes it */
    MACHINE_OBJECT,
    MACHINE_ARRAY, /* of objects, at most MACHINE_MAX_ITEMS; its path ends in "[]" */
    MACHINE_SCHEDULING, /* anything: it is the pod's, and means nothing to the domain */
};

enum {
    MACHINE_MAX_ITEMS = 256, /* of an array; KubeVirt's own limit */
    MACHINE_MAX_CPUS = 512, /* sockets times cores times threads; KubeVirt's own limit */
    MACHINE_MAX_NAME = 63,
    MACHINE_MAX_MEMBERS = 32, /* of an object of the table */
};

struct machine_field {
    const char *path; /* below the VMI: "spec.domain.devices.disks[].disk.bus" */
    enum machine_field_kind kind;
    long long min, max; /* of an integer */
    const char *const *values; /* what a string may be, NULL-terminated; NULL: anything */
    bool required; /* where the object that it belongs to is there */
    const char *help; /* one line */
};

/* All of them; what is below an object or array stands directly behind it. Static. */
const struct machine_field *machine_fields(size_t *count);

/* What a kind is called in documentation: "string", "integer", … Static. */
const char *machine_field_kind_name(enum machine_field_kind kind);

#endif
