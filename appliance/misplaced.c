#include "appliance/misplaced.h"

#include "appliance/field_checks.h"
#include "base/json.h"
#include "machine/value.h"

const char *const appliance_misplaced_places[] = {
    "/spec/template/spec/filesystems",
    "/spec/template/spec/domain/filesystems",
    "/spec/template/filesystems",
    "/spec/filesystems",
    NULL,
};

static const struct schema_field fields[] = {
    {"name", .kind = SCHEMA_STRING, .required = true},
    {"virtiofs", .kind = SCHEMA_OBJECT},
    {"persistentVolumeClaim", .kind = SCHEMA_OBJECT},
    {"persistentVolumeClaim.claimName", .kind = SCHEMA_STRING, .required = true},
    {"persistentVolumeClaim.readOnly", .kind = SCHEMA_BOOLEAN},
    {"claimName", .kind = SCHEMA_STRING},
    {.path = NULL},
};

const struct schema appliance_misplaced_schema = {
    .fields = fields, .stands_in = appliance_field_stands_in};

void appliance_misplaced_check(const json_t *vm, struct findings *findings)
{
    for (size_t i = 0; appliance_misplaced_places[i] != NULL; i++) {
        const char *place = appliance_misplaced_places[i];
        const json_t *list = machine_value(vm, place);
        for (size_t k = 0; k < json_array_size(list); k++) {
            auto_free char *pointer = xasprintf("%s/%zu", place, k);
            schema_find_faults(
                &appliance_misplaced_schema, json_array_get(list, k), pointer, findings);
        }
    }
}
