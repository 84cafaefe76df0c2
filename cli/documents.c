#include "cli/documents.h"

#include <stdlib.h>

#include "base/json_go.h"
#include "base/text.h"
#include "guest/firmware.h"
#include "guest/image.h"
#include "guest/kvm.h"
#include "machine/plan.h"
#include "machine/value.h"

bool cli_documents_has_cloud_init(const struct cli_machine *machine)
{
    const json_t *volumes = machine_value(machine->vmi, "/spec/volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *volume = json_array_get(volumes, i);
        if (json_object_get(volume, "cloudInitNoCloud") != NULL ||
            json_object_get(volume, "cloudInitConfigDrive") != NULL)
            return true;
    }
    return false;
}

/* Reports a finding, whose pointer is relative to the machine's VMI. */
static void report_finding(const struct cli_machine *machine, const struct finding *finding,
    bool lenient, struct cli_report *report)
{
    const struct cli_object *object = machine->object;
    auto_free char *pointer = cli_object_vmi_pointer(object, finding->pointer);
    auto_free char *path = finding_path(pointer);
    const struct cli_report_place place = {
        .file = object->file,
        .place = cli_object_place(object, pointer),
        .path = path,
        .object = object,
    };
    auto_free char *message =
        machine_origins_message(object->origins, finding->pointer, finding->message);
    cli_report_add(report, lenient ? FINDING_WARNING : finding->severity, finding->class, &place,
        "%s", message);
}

int cli_documents_make(struct cli_documents *documents, const struct cli_machine *machine,
    bool lenient, struct cli_report *report)
{
    const struct machine_volume_options volumes = {
        .inspect = guest_image_inspect,
        .work_directory = MACHINE_DRY_RUN_DIRECTORY,
        .dry_run = true,
    };
    const struct machine_host host = {
        .kvm = guest_kvm_probe(NULL) == 0,
        .console_file = machine_plan_logs_console(machine->vmi) ? MACHINE_DRY_RUN_DIRECTORY
                            "/" MACHINE_CONSOLE_LOG
                                                                : NULL,
        .find_firmware = guest_firmware_find,
        .work_directory = MACHINE_DRY_RUN_DIRECTORY,
        .dry_run = true,
    };
    struct machine_plan plan = {0};
    struct findings findings = {0};
    machine_plan_make(&plan, machine->vmi, &volumes, &host, &findings);
    for (size_t i = 0; i < findings.count; i++)
        report_finding(machine, &findings.items[i], lenient, report);
    findings_clear(&findings);
    documents->domain = steal(&plan.domain);
    documents->domain_length = plan.domain_length;
    documents->cloud_init = json_go_text(plan.cloud_init);
    documents->emulated = !host.kvm;
    machine_plan_clear(&plan);
    return documents->domain != NULL ? 0 : -1;
}

void cli_documents_clear(struct cli_documents *documents)
{
    free(documents->domain);
    free(documents->cloud_init);
    *documents = (struct cli_documents){0};
}
