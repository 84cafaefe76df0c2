/* What a launch derives from its VMI before any hook is called: the places of its volumes, the
 * domain, and the cloud-init data. */
#ifndef MACHINE_PLAN_H
#define MACHINE_PLAN_H

#include <jansson.h>

#include "machine/host.h"
#include "machine/volume.h"

/* Where the files would be that a dry run does not make. */
#define MACHINE_DRY_RUN_DIRECTORY "/tmp/hook-launcher"

/* The log of the serial console in the work directory. */
#define MACHINE_CONSOLE_LOG "virt-serial0-log"

/* All of it is owned. Zeroed means empty. */
struct machine_plan {
    struct machine_volumes volumes; /* refer to the VMI */
    char *domain; /* NULL if there were errors */
    size_t domain_length;
    json_t *cloud_init; /* CloudInitData; NULL without such a volume, or with errors in it */
};

/* Checks a VMI, finds its volumes, and converts it. Everything wrong with it becomes a finding; the
 * cloud-init data are made even if the domain cannot be, as long as what they are made from is
 * valid: then the volumes are found, too. Call machine_plan_clear after it. */
void machine_plan_make(struct machine_plan *plan, const json_t *vmi,
    const struct machine_volume_options *options, const struct machine_host *host,
    struct findings *findings);

/* Whether the VMI has a volume with cloud-init data, valid or not. */
bool machine_plan_has_cloud_init(const json_t *vmi);

/* Whether a finding is about what the cloud-init data are made from: a volume with them or access
 * credentials; or an error in the metadata, the host name, the UUID, or another volume, without
 * which the volumes are not looked at. */
bool machine_plan_is_about_data(const json_t *vmi, const struct finding *finding);

/* Whether KubeVirt keeps a log of the VMI's serial console: host->console_file is due. */
bool machine_plan_logs_console(const json_t *vmi);

void machine_plan_clear(struct machine_plan *plan);

#endif
