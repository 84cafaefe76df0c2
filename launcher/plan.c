#include "launcher/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "domain/identity.h"
#include "guest/connection.h"
#include "guest/firmware.h"
#include "guest/image.h"
#include "guest/kvm.h"
#include "machine/convert.h"

/* Whether the guest runs on KVM. The QEMU of a libvirt daemon runs as another user, who may have
 * access to KVM when this one does not. */
static bool choose_kvm(const struct launcher_flags *flags)
{
    auto_error struct error *error = NULL;
    if (guest_kvm_probe(&error) == 0)
        return true;
    if (error->errnum == EACCES && !guest_connection_is_embedded(flags->connect))
        return true;
    log_warning("QEMU emulates the processor, which is slow: %s", error->message);
    return false;
}

/* The absolute path of the serial console's log, for libvirt: what the user wants, or else what
 * KubeVirt has. virtlogd, to which a libvirt daemon hands the log, could not write to the FIFO that
 * this would be. Owned by the caller; NULL: there is no log. */
static char *console_path(
    const json_t *vmi, const struct launcher_flags *flags, const char *work_directory)
{
    const char *console = flags->console;
    bool wanted = machine_plan_logs_console(vmi);
    if (console == NULL && !(wanted && guest_connection_is_embedded(flags->connect)))
        return NULL;
    if (console == NULL || streq(console, "-"))
        return file_join(work_directory, MACHINE_CONSOLE_LOG);
    return file_absolute(console);
}

/* Converts the VMI once more, to the form of KubeVirt's first call. Its findings are those of the
 * definition. */
static void convert_first(
    struct launcher_plan *plan, const json_t *vmi, const struct machine_host *definition)
{
    struct machine_host host = *definition;
    struct findings findings = {0};
    host.form = MACHINE_FORM_FIRST;
    plan->first_domain =
        machine_convert(vmi, &plan->machine.volumes, &host, &plan->first_domain_length, &findings);
    findings_clear(&findings);
}

/* Checks and converts the VMI; everything wrong with it becomes a finding. Returns 0, or -1 with an
 * error about an option. */
static int convert(struct launcher_plan *plan, const json_t *vmi,
    const struct launcher_flags *flags, const char *work_directory, struct findings *findings,
    struct error **err)
{
    const struct machine_volume_options options = {
        .container_disks = flags->container_disks,
        .pvcs = flags->pvcs,
        .overlays = flags->overlays,
        .directories = flags->directories,
        .inspect = guest_image_inspect,
        .check_overlay = guest_image_check_overlay,
        .work_directory = work_directory,
        .dry_run = flags->dry_run,
    };
    bool test = flags->connect != NULL && text_starts_with(flags->connect, "test:");
    const struct machine_host host = {
        .kvm = !test && choose_kvm(flags),
        .test = test,
        .console_file = plan->console,
        .find_firmware = guest_firmware_find,
        .work_directory = work_directory,
        .dry_run = flags->dry_run,
    };
    if (machine_host_check(&host, err) < 0)
        return -1;
    machine_plan_make(&plan->machine, vmi, &options, &host, findings);
    if (flags->twice && plan->machine.domain != NULL)
        convert_first(plan, vmi, &host);
    return 0;
}

int launcher_plan_make(struct launcher_plan *plan, const struct launcher_input *input,
    const struct launcher_flags *flags, const char *work_directory, struct error **err)
{
    *plan = (struct launcher_plan){.console = console_path(input->vmi, flags, work_directory)};
    struct findings findings = {0};
    int result = convert(plan, input->vmi, flags, work_directory, &findings, err);
    if (result == 0)
        result = launcher_input_report(input, &findings, err);
    findings_clear(&findings);
    struct domain_identity identity = {0};
    if (result < 0 || launcher_ports_find(&plan->ports, input->vmi, &flags->ports, err) < 0 ||
        domain_identify(plan->machine.domain, plan->machine.domain_length, &identity, err) < 0)
        return -1;
    plan->name = steal(&identity.name);
    domain_identity_clear(&identity);
    return 0;
}

void launcher_plan_clear(struct launcher_plan *plan)
{
    machine_plan_clear(&plan->machine);
    free(plan->console);
    free(plan->first_domain);
    free(plan->name);
    launcher_ports_clear(&plan->ports);
    *plan = (struct launcher_plan){0};
}
