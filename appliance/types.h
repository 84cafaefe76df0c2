/* The instance type and preference of a completed VM. */
#ifndef APPLIANCE_TYPES_H
#define APPLIANCE_TYPES_H

#include "appliance/draft.h"
#include "machine/reference.h"

enum appliance_type_origin {
    APPLIANCE_TYPE_NONE,
    APPLIANCE_TYPE_ASKED, /* the request names it */
    APPLIANCE_TYPE_BOILERPLATE,
    APPLIANCE_TYPE_LABEL, /* of the DataSource */
};

/* Where the VM's instance types and preferences come from, by role. */
struct appliance_types {
    enum appliance_type_origin origins[MACHINE_PREFERENCE + 1];
};

/* Sets the VM's instance type and preference: what the request names, else what the boilerplate
 * says, else what the DataSource's labels name. The label's instance type is not used, with a
 * warning, where the boilerplate says how many processors or how much memory there are. A label that
 * is not used is a warning if the boilerplate says something else, or if its name is unknown. What
 * is chosen by name and unknown is an error, at the boilerplate's name or the label. */
void appliance_types_choose(struct appliance_draft *draft, struct appliance_types *out);

/* Whether the guest gets memory; KubeVirt accepts a VM without any, and cannot run it. Adds an
 * error if not. */
bool appliance_types_check_memory(struct appliance_draft *draft);

/* Replaces inferFromVolume by what KubeVirt would infer; the VM's volumes are complete.
 * Source: KubeVirt 1.9, instancetype/infer. */
void appliance_types_infer(struct appliance_draft *draft);

/* Applies the instance type and the preference to a copy of the complete VM, and adds what is wrong
 * then: conflicts, requirements. A VM without any memory is an error. */
void appliance_types_check(struct appliance_draft *draft, const struct appliance_types *types);

#endif
