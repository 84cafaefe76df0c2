/* What a launch derives from its VMI before any hook is called: the places of its volumes, the
 * domain, and the cloud-init data. */
#ifndef LAUNCHER_PLAN_H
#define LAUNCHER_PLAN_H

#include <jansson.h>

#include "launcher/input.h"
#include "machine/volume.h"

/* All of it is owned. Zeroed means empty. */
struct launcher_plan {
    struct machine_volumes volumes; /* refer to the input's VMI */
    char *console; /* absolute path of the serial console's log, or NULL */
    char *domain;
    size_t domain_length;
    char *first_domain; /* the form in which KubeVirt's first call has it; NULL: no --twice */
    size_t first_domain_length;
    char *name; /* of the domain */
    json_t *cloud_init; /* CloudInitData, or NULL */
};

/* Checks the VMI, finds its volumes, and converts it. work_directory is where files will be
 * created. Warnings are logged. Returns 0, or -1 with an input error that lists everything wrong
 * with the VMI, or an io error; call launcher_plan_clear either way. */
int launcher_plan_make(struct launcher_plan *plan, const struct launcher_input *input,
    const struct launcher_flags *flags, const char *work_directory, struct error **err);

void launcher_plan_clear(struct launcher_plan *plan);

#endif
