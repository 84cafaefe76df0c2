#include "machine/convert.h"

#include <string.h>

#include "annotations/names.h"
#include "base/text.h"
#include "machine/clock.h"
#include "machine/controllers.h"
#include "machine/conversion.h"
#include "machine/cpu.h"
#include "machine/devices.h"
#include "machine/features.h"
#include "machine/iothreads.h"
#include "machine/memory.h"
#include "machine/os.h"
#include "machine/pci_plan.h"
#include "machine/slots.h"
#include "machine/sysinfo.h"
#include "machine/value.h"

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"
#define KUBEVIRT_NAMESPACE "http://kubevirt.io"

enum { LONGEST_SHOWN = 64 };

/* Checks a name of the VMI's metadata. */
static void check_name(
    const struct machine_conversion *conversion, const char *pointer, const char *name)
{
    if (name == NULL) {
        findings_error(conversion->findings, pointer, "is required");
    } else if (!annotations_name_is_dns_subdomain(name)) {
        auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
        findings_error(conversion->findings, pointer,
            "must be lower-case letters, digits, hyphens and dots, not \"%s\"", shown);
    }
}

static void convert_name(const struct machine_conversion *conversion)
{
    const char *name = machine_string(conversion->vmi, "/metadata/name");
    const char *namespace =
        text_or(machine_string(conversion->vmi, "/metadata/namespace"), "default");
    check_name(conversion, "/metadata/name", name);
    check_name(conversion, "/metadata/namespace", namespace);
    domain_text(conversion->out, "name", "%s_%s", namespace, text_or(name, ""));
}

/* Writes KubeVirt's element for its own notes, which is without any before the guest runs: not
 * even the UID, which is only checked. */
static void convert_metadata(const struct machine_conversion *conversion)
{
    const char *uid = machine_string(conversion->vmi, "/metadata/uid");
    if (uid != NULL) {
        auto_free char *shown = text_printable(uid, strlen(uid), LONGEST_SHOWN);
        if (!streq(uid, shown))
            findings_error(conversion->findings, "/metadata/uid", "\"%s\" is not a UID", shown);
    }
    domain_open(conversion->out, "metadata");
    domain_open(conversion->out, "kubevirt", "xmlns", KUBEVIRT_NAMESPACE);
    domain_empty(conversion->out, "uid");
    domain_close(conversion->out);
    domain_close(conversion->out);
}

/* What the guest's own restart does; without a policy, libvirt's default. */
static void convert_reboot_policy(const struct machine_conversion *conversion)
{
    const char *policy = machine_string(conversion->domain, "/rebootPolicy");
    if (policy != NULL)
        domain_text(
            conversion->out, "on_reboot", "%s", streq(policy, "Terminate") ? "destroy" : "restart");
}

/* Opens the root. The namespace is lost where KubeVirt makes a document out of what a hook returned
 * for the one before: to add root ports, and where it keeps no slots. */
static void open_domain(const struct machine_conversion *conversion)
{
    const struct machine_host *host = conversion->host;
    const char *type = host->kvm ? "kvm" : "qemu";
    bool is_fresh =
        host->form == MACHINE_FORM_FIRST ||
        (machine_slots_kept(conversion) > 0 && machine_controllers_count_ports(conversion) == 0);
    domain_open(conversion->out, "domain", "type", host->test ? "test" : type, "xmlns:qemu",
        is_fresh ? QEMU_NAMESPACE : NULL);
}

/* KubeVirt writes this annotation's data to a file that the first of its documents names. */
static void check_ignition(const struct machine_conversion *conversion)
{
    if (machine_conversion_annotation(conversion, "kubevirt.io/ignitiondata") != NULL) {
        findings_warning(conversion->findings, "/metadata/annotations/kubevirt.io~1ignitiondata",
            "has no effect: use a volume with cloud-init data");
    }
}

static void convert_domain(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    check_ignition(conversion);
    open_domain(conversion);
    convert_name(conversion);
    machine_memory_convert(conversion);
    machine_os_convert(conversion);
    machine_sysinfo_convert(conversion);
    machine_devices_convert(conversion);
    machine_clock_convert(conversion);
    convert_metadata(conversion);
    machine_features_convert(conversion);
    machine_cpu_convert(conversion);
    machine_iothreads_convert(conversion);
    convert_reboot_policy(conversion);
    domain_close(out);
}

char *machine_convert(const json_t *vmi, const struct machine_volumes *volumes,
    const struct machine_host *host, size_t *length, struct findings *findings)
{
    size_t errors = findings->errors;
    struct machine_pci pci;
    struct machine_conversion conversion = {
        .vmi = vmi,
        .domain = machine_value(vmi, "/spec/domain"),
        .devices = machine_value(vmi, "/spec/domain/devices"),
        .volumes = volumes,
        .host = host,
        .pci = &pci,
        .out = domain_writer_new(),
        .findings = findings,
    };
    machine_pci_plan(&conversion, &pci);
    convert_domain(&conversion);
    char *xml = findings->errors == errors ? domain_writer_finish(conversion.out, length) : NULL;
    domain_writer_free(conversion.out);
    return xml;
}
