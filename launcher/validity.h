/* Whether the planned domain is what libvirt takes. */
#ifndef LAUNCHER_VALIDITY_H
#define LAUNCHER_VALIDITY_H

#include "launcher/flags.h"
#include "machine/plan.h"

/* Checks the plan's domain against libvirt's schema. Unless it is a dry run, what KubeVirt's form
 * has beyond the schema is then taken out of the domain, as is what this libvirt is too old for, if
 * the guest can do without it; warnings are logged. Returns 0, or -1 with an error. */
int launcher_validity_check(
    struct machine_plan *plan, const struct launcher_flags *flags, struct error **err);

#endif
