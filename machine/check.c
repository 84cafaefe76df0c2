#include "machine/check.h"

#include "base/json.h"
#include "machine/fields.h"

void machine_check(const json_t *vmi, struct findings *findings)
{
    if (json_is_object(vmi))
        json_decref(schema_check(&machine_schema, vmi, "", findings));
    else
        findings_error(findings, "", "must be a VirtualMachineInstance, not %s", json_kind(vmi));
}
