/* What a VirtualMachine refers to as its instance type or its preference. */
#ifndef MACHINE_REFERENCE_H
#define MACHINE_REFERENCE_H

#include <jansson.h>

#include "base/finding.h"
#include "machine/known.h"

enum machine_role { MACHINE_INSTANCETYPE, MACHINE_PREFERENCE };

/* All borrowed, from known or static, but the name. Zeroed: the VM refers to none. */
struct machine_reference {
    enum machine_role role;
    enum machine_kind kind; /* that the VM names, which for a revision is not the object's */
    char *name; /* that the VM names; owned */
    const struct machine_known_object *object; /* NULL: none */
    const json_t *spec; /* of the instance type or preference */
    const char *base; /* the JSON Pointer of spec in the object */
};

/* Finds what a VM refers to, and checks it against the table of its fields. What is inferred from a
 * volume replaces the reference in the VM. Returns 0 with *out, or -1 with errors at
 * "/spec/instancetype" or "/spec/preference" or below. machine_reference_clear is due either way.
 * Source: KubeVirt 1.9, how it finds them; its API reference, InstancetypeMatcher and
 * PreferenceMatcher. */
int machine_reference_find(json_t *vm, enum machine_role role, const char *namespace,
    struct machine_known *known, struct machine_reference *out, struct findings *findings);
void machine_reference_clear(struct machine_reference *reference);

/* `the instance type "u1.small" (types.yaml:5:7: spec.cpu.guest)`, for a JSON Pointer within its
 * spec. Owned by the caller. */
char *machine_reference_say(const struct machine_reference *reference, const char *from);

/* "instance type" or "preference"; "/spec/instancetype" or "/spec/preference". Static. */
const char *machine_role_name(enum machine_role role);
const char *machine_role_pointer(enum machine_role role);

#endif
