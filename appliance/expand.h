/* The VirtualMachineInstance of a completed VM, as hook-launcher runs it. */
#ifndef APPLIANCE_EXPAND_H
#define APPLIANCE_EXPAND_H

#include <jansson.h>

#include "appliance/random.h"
#include "base/finding.h"
#include "machine/expansion.h"
#include "machine/known.h"

/* The VM's template with its instance type and preference applied, with the VM's name and namespace,
 * its members in the usual order. With random (or NULL), also with an identity of its own where it
 * has none: a UUID, and a MAC address for each interface. New reference; NULL with errors among the
 * findings, whose pointers are within the VM. What was applied is in *expansion, with the origins of
 * the VMI's values; machine_expansion_clear is due either way.
 * Source: KubeVirt 1.9, which gives a new VM a UUID at random. */
json_t *appliance_expand(const json_t *vm, struct machine_known *known,
    const struct appliance_random *random, struct machine_expansion *expansion,
    struct findings *findings);

#endif
