/* An instance type, applied to a VM: it gives the VM's processors and memory, and more; what it
 * gives, the VM must not set itself. */
#ifndef MACHINE_INSTANCETYPE_H
#define MACHINE_INSTANCETYPE_H

#include "machine/application.h"

/* Applies application->instancetype, if there is one; its preference says how to divide the
 * processors. Adds an error for each field of the VM that conflicts with it, with both places.
 * Source: KubeVirt 1.9, pkg/instancetype/apply and preference/validation. */
void machine_instancetype_apply(struct machine_application *application);

#endif
