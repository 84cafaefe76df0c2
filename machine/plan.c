#include "machine/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "machine/access_credentials.h"
#include "machine/check.h"
#include "machine/cloud_init.h"
#include "machine/convert.h"
#include "machine/value.h"

/* What the cloud-init data are made from, besides volumes and access credentials. */
static const char *const error_places[] = {
    "/metadata", "/spec/domain/firmware/uuid", "/spec/hostname"};

/* Whether pointer is place, or below it. */
static bool is_below(const char *pointer, const char *place)
{
    size_t length = strlen(place);
    return strncmp(pointer, place, length) == 0 &&
           (pointer[length] == '\0' || pointer[length] == '/');
}

static bool is_cloud_init(const json_t *volume)
{
    return json_object_get(volume, "cloudInitNoCloud") != NULL ||
           json_object_get(volume, "cloudInitConfigDrive") != NULL;
}

bool machine_plan_has_cloud_init(const json_t *vmi)
{
    const json_t *volumes = machine_value(vmi, "/spec/volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        if (is_cloud_init(json_array_get(volumes, i)))
            return true;
    }
    return false;
}

bool machine_plan_is_about_data(const json_t *vmi, const struct finding *finding)
{
    static const char volumes[] = "/spec/volumes";
    bool is_error = finding->severity == FINDING_ERROR;
    const char *pointer = finding->pointer;
    if (is_below(pointer, volumes)) {
        const char *index = pointer + strlen(volumes);
        const json_t *list = machine_value(vmi, volumes);
        return is_error || (index[0] == '/' &&
                               is_cloud_init(json_array_get(list, strtoul(index + 1, NULL, 10))));
    }
    for (size_t i = 0; i < ARRAY_SIZE(error_places) && is_error; i++) {
        if (is_below(pointer, error_places[i]))
            return true;
    }
    return is_below(pointer, "/spec/accessCredentials");
}

/* Whether the findings from first on have an error that keeps the data from being made. */
static bool data_are_spoilt(const json_t *vmi, const struct findings *findings, size_t first)
{
    for (size_t i = first; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->severity == FINDING_ERROR && machine_plan_is_about_data(vmi, finding))
            return true;
    }
    return findings_left_out(findings, FINDING_ERROR) > 0;
}

/* Makes the data, with the volumes that they and the domain need. */
static void make_data(struct machine_plan *plan, const json_t *vmi,
    const struct machine_volume_options *options, struct findings *findings)
{
    machine_volumes_find(vmi, options, &plan->volumes, findings);
    size_t errors = findings->errors;
    machine_access_credentials_check(vmi, options->dry_run, findings);
    plan->cloud_init = machine_cloud_init_data(vmi, &plan->volumes, options, findings);
    if (findings->errors > errors)
        json_decref(steal(&plan->cloud_init));
}

void machine_plan_make(struct machine_plan *plan, const json_t *vmi,
    const struct machine_volume_options *options, const struct machine_host *host,
    struct findings *findings)
{
    *plan = (struct machine_plan){0};
    size_t first = findings->count;
    size_t errors = findings->errors;
    machine_check(vmi, findings);
    bool is_valid = findings->errors == errors;
    if (is_valid || !data_are_spoilt(vmi, findings, first))
        make_data(plan, vmi, options, findings);
    if (!is_valid)
        return;
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
