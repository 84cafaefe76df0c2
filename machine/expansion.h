/* A VirtualMachine with its instance type and preference applied, as KubeVirt applies them. */
#ifndef MACHINE_EXPANSION_H
#define MACHINE_EXPANSION_H

#include <jansson.h>

#include "machine/origin.h"
#include "machine/reference.h"

/* What the VM is expanded for. */
enum machine_purpose {
    MACHINE_FOR_PRINT, /* the VM as KubeVirt's expand-spec gives it: it refers to nothing more */
    MACHINE_FOR_LAUNCH, /* its template as KubeVirt makes a VMI of it */
};

/* Zeroed is empty. Not to be copied: the origins refer to the references. */
struct machine_expansion {
    json_t *vm; /* owned; NULL: there were errors */
    struct machine_reference instancetype, preference;
    struct machine_origins origins;
};

/* Applies to a copy of a VM what it refers to, and what the cluster then adds to it: disks of
 * volumes without one, an interface, an input device. The cluster's own defaults are left open. The
 * VM, which is in namespace, is {"metadata", "spec"} at least; a member of its spec that KubeVirt
 * does not know is a warning. Returns 0, or -1 with errors; warnings may come with either. The
 * findings' pointers are within the VM. known is borrowed until machine_expansion_clear, which
 * is due either way.
 * Source: KubeVirt 1.9, pkg/instancetype/expand, and how its VM controller makes a VMI. */
int machine_expand(const json_t *vm, const char *namespace, enum machine_purpose purpose,
    struct machine_known *known, struct machine_expansion *out, struct findings *findings);

void machine_expansion_clear(struct machine_expansion *expansion);

#endif
