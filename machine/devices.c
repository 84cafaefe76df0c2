#include "machine/devices.h"

#include "base/file.h"
#include "base/text.h"
#include "machine/disks.h"
#include "machine/interfaces.h"
#include "machine/unique.h"
#include "machine/value.h"

static bool has_serial_console(const struct machine_conversion *conversion)
{
    return machine_boolean(conversion->devices, "/autoattachSerialConsole", true);
}

/* Whether a device in the array has the string at pointer. */
static bool any_has(const json_t *array, const char *pointer, const char *string)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *found = machine_string(json_array_get(array, i), pointer);
        if (found != NULL && streq(found, string))
            return true;
    }
    return false;
}

static bool is_on_usb(const json_t *input)
{
    const char *bus = machine_string(input, "/bus");
    return bus == NULL || streq(bus, "usb");
}

/* The guest agent's channel; libvirt chooses its socket. */
static void convert_channel(const struct machine_conversion *conversion)
{
    domain_open(conversion->out, "channel", "type", "unix");
    domain_empty(conversion->out, "target", "name", "org.qemu.guest_agent.0", "type", "virtio");
    domain_close(conversion->out);
}

static void convert_controllers(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    const json_t *inputs = machine_value(conversion->devices, "/inputs");
    const json_t *disks = machine_value(conversion->devices, "/disks");
    bool usb = false;
    for (size_t i = 0; i < json_array_size(inputs); i++)
        usb |= is_on_usb(json_array_get(inputs, i));
    domain_empty(
        out, "controller", "type", "usb", "index", "0", "model", usb ? "qemu-xhci" : "none");
    bool scsi = any_has(disks, "/disk/bus", "scsi") || any_has(disks, "/cdrom/bus", "scsi");
    for (size_t i = 0; i < json_array_size(disks); i++)
        scsi |= machine_value(json_array_get(disks, i), "/lun") != NULL;
    if (scsi) {
        domain_empty(
            out, "controller", "type", "scsi", "index", "0", "model", MACHINE_VIRTIO_MODEL);
    }
    if (has_serial_console(conversion)) {
        domain_empty(out, "controller", "type", "virtio-serial", "index", "0", "model",
            MACHINE_VIRTIO_MODEL);
    }
}

static void convert_graphics(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    if (!machine_boolean(conversion->devices, "/autoattachGraphicsDevice", true))
        return;
    domain_open(out, "video");
    if (machine_conversion_boots_efi(conversion)) {
        domain_empty(out, "model", "type", "bochs", "heads", "1");
    } else {
        domain_empty(out, "model", "type", "vga", "heads", "1", "vram", "16384");
    }
    domain_close(out);
    auto_free char *socket = file_join(conversion->host->work_directory, "virt-vnc");
    domain_open(out, "graphics", "type", "vnc");
    domain_empty(out, "listen", "type", "socket", "socket", socket);
    domain_close(out);
}

static void convert_balloon(const struct machine_conversion *conversion)
{
    if (!machine_boolean(conversion->devices, "/autoattachMemBalloon", true)) {
        domain_empty(conversion->out, "memballoon", "model", "none");
        return;
    }
    domain_open(conversion->out, "memballoon", "model", MACHINE_VIRTIO_MODEL);
    domain_empty(conversion->out, "stats", "period", "10");
    domain_close(conversion->out);
}

static void convert_inputs(const struct machine_conversion *conversion)
{
    const json_t *inputs = machine_value(conversion->devices, "/inputs");
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *input = json_array_get(inputs, i);
        bool usb = is_on_usb(input);
        domain_open(conversion->out, "input", "type", "tablet", "bus", usb ? "usb" : "virtio",
            "model", usb ? NULL : "virtio");
        machine_conversion_alias(conversion, machine_string(input, "/name"));
        domain_close(conversion->out);
    }
}

static void convert_console(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    const struct machine_host *host = conversion->host;
    if (!has_serial_console(conversion))
        return;
    domain_open(out, "serial", "type", host->console_socket != NULL ? "unix" : "pty");
    domain_empty(out, "target", "port", "0");
    if (host->console_socket != NULL)
        domain_empty(out, "source", "mode", "bind", "path", host->console_socket);
    if (host->console_file != NULL)
        domain_empty(out, "log", "file", host->console_file, "append", "on");
    domain_close(out);
    domain_open(out, "console", "type", "pty");
    domain_empty(out, "target", "type", "serial", "port", "0");
    domain_close(out);
}

static void convert_watchdog(const struct machine_conversion *conversion)
{
    const json_t *watchdog = machine_value(conversion->devices, "/watchdog");
    if (watchdog == NULL)
        return;
    domain_open(conversion->out, "watchdog", "model", "i6300esb", "action",
        text_or(machine_string(watchdog, "/i6300esb/action"), "reset"));
    machine_conversion_alias(conversion, machine_string(watchdog, "/name"));
    domain_close(conversion->out);
}

static void convert_rng(const struct machine_conversion *conversion)
{
    if (machine_value(conversion->devices, "/rng") == NULL)
        return;
    domain_open(conversion->out, "rng", "model", MACHINE_VIRTIO_MODEL);
    domain_open(conversion->out, "backend", "model", "random");
    domain_content(conversion->out, "/dev/urandom");
    domain_close(conversion->out);
    domain_close(conversion->out);
}

void machine_devices_convert(const struct machine_conversion *conversion)
{
    machine_unique_check(conversion);
    domain_open(conversion->out, "devices");
    machine_interfaces_convert(conversion);
    convert_channel(conversion);
    convert_controllers(conversion);
    convert_graphics(conversion);
    convert_balloon(conversion);
    machine_disks_convert(conversion);
    convert_inputs(conversion);
    convert_console(conversion);
    convert_watchdog(conversion);
    convert_rng(conversion);
    domain_close(conversion->out);
}
