#include "appliance/field_checks.h"

#include "appliance/parameters.h"
#include "base/json.h"
#include "machine/quantity.h"

bool appliance_field_check_quantity(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings)
{
    if (!json_is_real(value))
        return machine_quantity_check(field, value, pointer, findings);
    auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
    findings_error(
        findings, pointer, "must be in quotes, \"%s\": the API server takes no fractions", text);
    return false;
}

bool appliance_field_stands_in(const json_t *value, bool text)
{
    return json_is_string(value) && appliance_parameters_refers(json_string_value(value), text);
}
