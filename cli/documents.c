#include "cli/documents.h"

#include <stdlib.h>

#include "base/json_go.h"
#include "base/text.h"
#include "guest/firmware.h"
#include "guest/image.h"
#include "guest/kvm.h"
#include "machine/plan.h"

/* Reports a finding, whose pointer is relative to the machine's VMI. */
static void report_finding(const struct cli_machine *machine, const struct finding *finding,
    enum finding_severity severity, struct cli_report *report)
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
    cli_report_add(report, severity, finding->class, &place, "%s", message);
}

/* Reports what concerns the wish. Errors that are only in the way of a domain which is not needed
 * are warnings. */
static void report_findings(const struct cli_machine *machine, const struct findings *findings,
    const struct cli_documents_wish *wish, bool has_data, struct cli_report *report)
{
    bool is_short = wish->cloud_init && !has_data;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        bool is_error = finding->severity == FINDING_ERROR;
        bool about_data = machine_plan_is_about_data(machine->vmi, finding);
        if (!wish->domain && !(is_error ? is_short && about_data : about_data))
            continue;
        bool is_fatal = is_error && (wish->needs_domain || (is_short && about_data));
        report_finding(machine, finding, is_fatal ? FINDING_ERROR : FINDING_WARNING, report);
    }
}

void cli_documents_make(struct cli_documents *documents, const struct cli_machine *machine,
    const struct cli_documents_wish *wish, const struct pairs *directories,
    struct cli_report *report)
{
    const struct machine_volume_options volumes = {
        .directories = *directories,
        .inspect = guest_image_inspect,
        .check_overlay = guest_image_check_overlay,
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
    report_findings(machine, &findings, wish, plan.cloud_init != NULL, report);
    findings_clear(&findings);
    documents->domain = steal(&plan.domain);
    documents->domain_length = plan.domain_length;
    documents->cloud_init = json_go_text(plan.cloud_init);
    documents->emulated = !host.kvm;
    machine_plan_clear(&plan);
}

void cli_documents_clear(struct cli_documents *documents)
{
    free(documents->domain);
    free(documents->cloud_init);
    *documents = (struct cli_documents){0};
}
