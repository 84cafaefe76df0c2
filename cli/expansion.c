#include "cli/expansion.h"

#include <string.h>

#include "base/json.h"
#include "cli/check.h"

/* Where the VM is in an object: {"spec", …}. */
static const char *vm_pointer(enum cli_kind kind)
{
    return kind == CLI_POOL ? "/spec/virtualMachineTemplate" : "";
}

bool cli_expansion_is_for(enum cli_kind kind)
{
    return kind == CLI_VM || kind == CLI_POOL;
}

/* The object with the expanded VM in it. New reference. */
static json_t *rebuild(const struct cli_object *object, json_t *vm)
{
    if (object->kind != CLI_POOL)
        return json_incref(vm);
    json_t *whole = json_deep_copy(object->value);
    json_object_set(json_object_get(whole, "spec"), "virtualMachineTemplate", vm);
    return whole;
}

int cli_expansion_make(struct cli_expansion *out, struct cli_manifest *manifest,
    const struct cli_object *object, enum machine_purpose purpose, struct cli_report *report)
{
    const char *pointer = vm_pointer(object->kind);
    struct findings findings = {0};
    *out = (struct cli_expansion){.object = *object};
    const json_t *vm = json_pointer_get(object->value, pointer);
    if (!cli_expansion_is_for(object->kind) || !json_is_object(vm))
        return 0;
    int result =
        machine_expand(vm, object->namespace, purpose, &manifest->known, &out->machine, &findings);
    cli_check_report_below(object, pointer, &findings, report);
    findings_clear(&findings);
    if (result < 0)
        return -1;
    out->value = rebuild(object, out->machine.vm);
    out->object.value = out->value;
    out->object.origins = &out->machine.origins;
    return 0;
}

void cli_expansion_clear(struct cli_expansion *expansion)
{
    json_decref(expansion->value);
    machine_expansion_clear(&expansion->machine);
    *expansion = (struct cli_expansion){0};
}
