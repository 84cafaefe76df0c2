/* The plan of a launch (machine/plan.h) on this machine: with its KVM, firmware and console. */
#ifndef LAUNCHER_PLAN_H
#define LAUNCHER_PLAN_H

#include "launcher/input.h"
#include "launcher/ports.h"
#include "machine/plan.h"

/* All of it is owned. Zeroed means empty. */
struct launcher_plan {
    struct machine_plan machine; /* refers to the input's VMI */
    char *console; /* absolute path of the serial console's log, or NULL */
    char *first_domain; /* the form in which KubeVirt's first call has it; NULL: no --twice */
    size_t first_domain_length;
    char *name; /* of the domain */
    struct launcher_ports ports;
};

/* Checks the VMI, finds its volumes, and converts it. work_directory is where files will be
 * created. Warnings are logged. Returns 0, or -1 with an input error that lists everything wrong
 * with the VMI, a usage error (a path that a domain cannot hold), or an io error; call launcher_plan_clear either way. */
int launcher_plan_make(struct launcher_plan *plan, const struct launcher_input *input,
    const struct launcher_flags *flags, const char *work_directory, struct error **err);

void launcher_plan_clear(struct launcher_plan *plan);

#endif
