/* What a preference requires of the VM: processors, memory, an architecture. */
#ifndef MACHINE_REQUIREMENTS_H
#define MACHINE_REQUIREMENTS_H

#include "machine/application.h"

/* Checks a VM to which both have been applied. Adds an error for each requirement that it does not
 * meet, with both places.
 * Source: KubeVirt 1.9, pkg/instancetype/preference/requirements; its defaults of a VM. */
void machine_requirements_check(struct machine_application *application);

#endif
