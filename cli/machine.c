#include "cli/machine.h"

#include <stdlib.h>

#include "annotations/launcher.h"
#include "annotations/minimal_pod.h"
#include "annotations/render.h"
#include "base/json.h"
#include "cli/check.h"

/* Renders the pod. Returns -1 when there are errors in the report. */
static int render(struct cli_machine *machine, const char *key, struct cli_report *report)
{
    struct findings findings = {0};
    auto_json json_t *pod = annotations_minimal_pod(machine->vmi, ANNOTATIONS_LAUNCHER_STANDALONE);
    machine->pod = annotations_render(pod, machine->list, NULL, &findings);
    cli_check_report(machine->object, key, &findings, report);
    findings_clear(&findings);
    return machine->pod != NULL ? 0 : -1;
}

int cli_machine_load(struct cli_machine *machine, const struct cli_arguments *arguments,
    const char *name, const char *annotation_key, struct cli_report *report, struct error **err)
{
    const struct cli_check_options check = {.annotation_key = annotation_key};
    const char *key = NULL;
    if (cli_manifest_load_given(&machine->manifest, arguments, report, err) < 0 ||
        report->unreadable)
        return -1;
    const struct cli_object *chosen =
        cli_manifest_choose(&machine->manifest, cli_kind_is_machine, name, "virtual machine", err);
    if (chosen == NULL || cli_expansion_make(&machine->expansion, &machine->manifest, chosen,
                              MACHINE_FOR_LAUNCH, report) < 0)
        return -1;
    machine->object = &machine->expansion.object;
    machine->list = cli_check_object(machine->object, &check, &key, report);
    if (machine->list == NULL)
        return -1;
    machine->vmi = cli_object_vmi(machine->object);
    return render(machine, key, report);
}

const json_t *cli_machine_container(const struct cli_machine *machine, size_t index)
{
    auto_free char *name = xasprintf("hook-sidecar-%zu", index);
    const json_t *spec = json_object_get(machine->pod, "spec");
    return json_item_named(json_object_get(spec, "containers"), name, NULL);
}

const char **cli_machine_sidecar_names(const struct cli_machine *machine)
{
    size_t count = machine->list->count;
    const char **names = xcalloc(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = json_get_string(cli_machine_container(machine, i), "name");
    return names;
}

void cli_machine_clear(struct cli_machine *machine)
{
    json_decref(machine->pod);
    json_decref(machine->vmi);
    annotations_list_free(machine->list);
    cli_expansion_clear(&machine->expansion);
    cli_manifest_clear(&machine->manifest);
    *machine = (struct cli_machine){0};
}
