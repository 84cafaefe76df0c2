#include "machine/devices.h"

#include <unistd.h>

#include "base/file.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "machine/console.h"
#include "machine/controllers.h"
#include "machine/disks.h"
#include "machine/graphics.h"
#include "machine/interfaces.h"
#include "machine/pci.h"
#include "machine/unique.h"
#include "machine/value.h"

enum { USB_CHANNELS = 4 }; /* of clientPassthrough */

/* The guest agent's channel, whose socket libvirt chooses, and that of the metrics. */
static void convert_channels(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    domain_open(out, "channel", "type", "unix");
    domain_empty(out, "target", "name", "org.qemu.guest_agent.0", "type", "virtio");
    domain_close(out);
    if (machine_value(conversion->devices, "/downwardMetrics") == NULL)
        return;
    findings_warning(conversion->findings, "/spec/domain/devices/downwardMetrics",
        "is a channel on which nobody answers: metrics come from a cluster's node");
    auto_free char *socket = file_join(conversion->host->work_directory, "downwardmetrics.sock");
    domain_open(out, "channel", "type", "unix");
    domain_empty(out, "source", "mode", "bind", "path", socket);
    domain_empty(out, "target", "name", "org.github.vhostmd.1", "type", "virtio");
    domain_close(out);
}

static void convert_panic_devices(const struct machine_conversion *conversion)
{
    const json_t *devices = machine_value(conversion->devices, "/panicDevices");
    for (size_t i = 0; i < json_array_size(devices); i++) {
        domain_empty(conversion->out, "panic", "model",
            machine_string(json_array_get(devices, i), "/model"));
    }
}

/* Whether the guest gives pages that it does not use back at once. */
static bool reports_free_pages(const struct machine_conversion *conversion)
{
    const char *disabled =
        machine_conversion_annotation(conversion, "kubevirt.io/free-page-reporting-disabled");
    return !machine_boolean(conversion->domain, "/cpu/dedicatedCpuPlacement", false) &&
           machine_value(conversion->domain, "/cpu/realtime") == NULL &&
           machine_value(conversion->domain, "/memory/hugepages") == NULL &&
           (disabled == NULL || !streq(disabled, "true"));
}

static void convert_balloon(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    if (machine_boolean(conversion->devices, "/autoattachMemBalloon", true)) {
        domain_open(out, "memballoon", "model", machine_conversion_virtio_model(conversion),
            "freePageReporting", reports_free_pages(conversion) ? "on" : "off");
        domain_empty(out, "stats", "period", "10");
    } else {
        domain_open(out, "memballoon", "model", "none");
    }
    machine_pci_place(conversion, MACHINE_PCI_BALLOON, NULL, NULL);
    domain_close(out);
}

static void convert_inputs(const struct machine_conversion *conversion)
{
    const json_t *inputs = machine_value(conversion->devices, "/inputs");
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *input = json_array_get(inputs, i);
        const char *bus = machine_string(input, "/bus");
        bool virtio = bus != NULL && streq(bus, "virtio");
        domain_open(conversion->out, "input", "type", "tablet", "bus", virtio ? "virtio" : "usb",
            "model", virtio ? "virtio" : NULL);
        machine_conversion_alias(conversion, machine_string(input, "/name"));
        if (virtio)
            machine_pci_place(conversion, MACHINE_PCI_INPUT, NULL, NULL);
        domain_close(conversion->out);
    }
}

static void convert_watchdog(const struct machine_conversion *conversion)
{
    const json_t *watchdog = machine_value(conversion->devices, "/watchdog");
    if (watchdog == NULL)
        return;
    domain_open(conversion->out, "watchdog", "model", "i6300esb", "action",
        text_or(machine_string(watchdog, "/i6300esb/action"), "reset"));
    machine_conversion_alias(conversion, machine_string(watchdog, "/name"));
    machine_pci_place(conversion, MACHINE_PCI_WATCHDOG, NULL, NULL);
    domain_close(conversion->out);
}

static void convert_rng(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    if (machine_value(conversion->devices, "/rng") == NULL)
        return;
    domain_open(out, "rng", "model", machine_conversion_virtio_model(conversion));
    domain_open(out, "backend", "model", "random");
    domain_content(out, "/dev/urandom");
    domain_close(out);
    machine_pci_place(conversion, MACHINE_PCI_RNG, NULL, NULL);
    domain_close(out);
}

/* The sockets to which a client may connect its USB devices. */
static void convert_redirection(const struct machine_conversion *conversion)
{
    const char *directory = conversion->host->work_directory;
    if (machine_value(conversion->devices, "/clientPassthrough") == NULL)
        return;
    for (int i = 0; i < USB_CHANNELS; i++) {
        auto_free char *socket = xasprintf("%s/virt-usbredir-%d", directory, i);
        domain_open(conversion->out, "redirdev", "type", "unix", "bus", "usb");
        domain_empty(conversion->out, "source", "mode", "bind", "path", socket);
        domain_close(conversion->out);
    }
}

static void convert_sound(const struct machine_conversion *conversion)
{
    const json_t *sound = machine_value(conversion->devices, "/sound");
    if (sound == NULL)
        return;
    domain_open(
        conversion->out, "sound", "model", text_or(machine_string(sound, "/model"), "ich9"));
    machine_conversion_alias(conversion, machine_string(sound, "/name"));
    domain_close(conversion->out);
}

/* libvirt runs these two for a TPM. */
static void check_swtpm(const struct machine_conversion *conversion)
{
    static const char *const programs[] = {"swtpm", "swtpm_setup"};
    if (conversion->host->dry_run || conversion->host->test)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        auto_free char *path = subprocess_find(programs[i], NULL);
        if (path == NULL) {
            findings_error(conversion->findings, "/spec/domain/devices/tpm",
                "needs the program %s (Debian's packages swtpm and swtpm-tools)", programs[i]);
        }
    }
}

static void convert_tpm(const struct machine_conversion *conversion)
{
    const json_t *tpm = machine_value(conversion->devices, "/tpm");
    bool persistent = machine_boolean(tpm, "/persistent", false);
    if (tpm == NULL || !machine_boolean(tpm, "/enabled", true))
        return;
    check_swtpm(conversion);
    if (persistent) {
        findings_warning(conversion->findings, "/spec/domain/devices/tpm/persistent",
            "has no effect: the TPM's state is lost when the guest ends");
    }
    domain_open(conversion->out, "tpm", "model", persistent ? "tpm-crb" : "tpm-tis");
    domain_empty(conversion->out, "backend", "type", "emulator", "version", "2.0",
        "persistent_state", persistent ? "yes" : NULL);
    domain_close(conversion->out);
}

/* The address on vsock that a cluster gave the VMI; without a cluster, libvirt finds a free one. */
static void convert_vsock(const struct machine_conversion *conversion)
{
    long long given = machine_integer(conversion->vmi, "/status/VSOCKCID", 0);
    auto_free char *address = xasprintf("%lld", given);
    if (!machine_boolean(conversion->devices, "/autoattachVSOCK", false))
        return;
    if (!conversion->host->dry_run && access("/dev/vhost-vsock", F_OK) < 0) {
        findings_error(conversion->findings, "/spec/domain/devices/autoattachVSOCK",
            "needs /dev/vhost-vsock, which is not on this machine");
    }
    /* virtio 1 only, whatever useVirtioTransitional says: QEMU has no other vsock */
    domain_open(conversion->out, "vsock", "model", "virtio-non-transitional");
    domain_empty(conversion->out, "cid", "auto", given > 0 ? "no" : "yes", "address",
        given > 0 ? address : NULL);
    domain_close(conversion->out);
}

void machine_devices_convert(const struct machine_conversion *conversion)
{
    machine_unique_check(conversion);
    domain_open(conversion->out, "devices");
    machine_interfaces_convert(conversion);
    convert_channels(conversion);
    convert_panic_devices(conversion);
    machine_controllers_convert(conversion);
    machine_graphics_convert(conversion);
    convert_balloon(conversion);
    machine_disks_convert(conversion);
    convert_inputs(conversion);
    machine_console_convert(conversion);
    convert_watchdog(conversion);
    convert_rng(conversion);
    convert_redirection(conversion);
    convert_sound(conversion);
    convert_tpm(conversion);
    convert_vsock(conversion);
    domain_close(conversion->out);
}
