#include "machine/plan.h"

#include <stdlib.h>

#include "base/memory.h"
#include "machine/access_credentials.h"
#include "machine/check.h"
#include "machine/cloud_init.h"
#include "machine/convert.h"
#include "machine/value.h"

void machine_plan_make(struct machine_plan *plan, const json_t *vmi,
    const struct machine_volume_options *options, const struct machine_host *host,
    struct findings *findings)
{
    *plan = (struct machine_plan){0};
    size_t errors = findings->errors;
    machine_check(vmi, findings);
    if (findings->errors > errors)
        return;
    machine_volumes_find(vmi, options, &plan->volumes, findings);
    machine_access_credentials_check(vmi, options->dry_run, findings);
    plan->cloud_init = machine_cloud_init_data(vmi, &plan->volumes, options, findings);
    plan->domain = machine_convert(vmi, &plan->volumes, host, &plan->domain_length, findings);
    if (findings->errors > errors)
        free(steal(&plan->domain));
}

bool machine_plan_logs_console(const json_t *vmi)
{
    return machine_boolean(vmi, "/spec/domain/devices/logSerialConsole", true);
}

void machine_plan_clear(struct machine_plan *plan)
{
    machine_volumes_clear(&plan->volumes);
    free(plan->domain);
    json_decref(plan->cloud_init);
    *plan = (struct machine_plan){0};
}
