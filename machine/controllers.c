#include "machine/controllers.h"

#include <strings.h>

#include "base/text.h"
#include "machine/memory.h"
#include "machine/pci.h"
#include "machine/slots.h"
#include "machine/value.h"

enum {
    LAST_BUS = 31, /* a root port occupies a slot of bus 0, which has 32 */
};

/* How many root ports are for devices that could be plugged in. */
static const struct ports {
    long long above_bytes; /* a machine with more memory than that */
    long long all; /* with the devices that are there, */
    long long least; /* but at least so many free ones */
} port_counts[] = {
    {2LL << 30, 16, 6},
    {-1, 8, 3},
};

static bool is_on(const json_t *disk, const char *bus)
{
    static const char *const pointers[] = {"/disk/bus", "/cdrom/bus", "/lun/bus"};
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
        const char *found = machine_string(disk, pointers[i]);
        if (found != NULL && streq(found, bus))
            return true;
    }
    bool lun = machine_value(disk, "/lun") != NULL;
    return lun && machine_string(disk, "/lun/bus") == NULL && streq(bus, "scsi");
}

static bool has_disk_on(const struct machine_conversion *conversion, const char *bus)
{
    const json_t *disks = machine_value(conversion->devices, "/disks");
    for (size_t i = 0; i < json_array_size(disks); i++) {
        if (is_on(json_array_get(disks, i), bus))
            return true;
    }
    return false;
}

static bool needs_usb(const struct machine_conversion *conversion)
{
    const json_t *inputs = machine_value(conversion->devices, "/inputs");
    const json_t *disks = machine_value(conversion->devices, "/disks");
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const char *bus = machine_string(json_array_get(inputs, i), "/bus");
        if (bus == NULL || streq(bus, "usb"))
            return true;
    }
    for (size_t i = 0; i < json_array_size(disks); i++) {
        const char *bus = machine_string(json_array_get(disks, i), "/disk/bus");
        if (bus != NULL && streq(bus, "usb"))
            return true;
    }
    return machine_value(conversion->devices, "/clientPassthrough") != NULL;
}

static bool needs_scsi(const struct machine_conversion *conversion)
{
    return !machine_boolean(conversion->devices, "/disableHotplug", false) ||
           has_disk_on(conversion, "scsi");
}

size_t machine_controllers_count(const struct machine_conversion *conversion)
{
    return 1 + needs_scsi(conversion) + machine_conversion_has_console(conversion);
}

static void convert_usb(const struct machine_conversion *conversion)
{
    domain_open(conversion->out, "controller", "type", "usb", "index", "0", "model",
        needs_usb(conversion) ? "qemu-xhci" : "none");
    machine_pci_place(conversion, MACHINE_PCI_CONTROLLER, NULL, NULL);
    domain_close(conversion->out);
}

static void convert_scsi(const struct machine_conversion *conversion)
{
    if (!needs_scsi(conversion))
        return;
    domain_open(conversion->out, "controller", "type", "scsi", "index", "0", "model",
        machine_conversion_virtio_model(conversion));
    machine_pci_place(conversion, MACHINE_PCI_CONTROLLER, NULL, NULL);
    domain_close(conversion->out);
}

/* The root complex without the window for large devices above 4 GiB, which old guests need. */
static void convert_root(const struct machine_conversion *conversion)
{
    const char *disabled =
        machine_conversion_annotation(conversion, "kubevirt.io/disablePCIHole64");
    if (disabled == NULL || strcasecmp(disabled, "true") != 0)
        return;
    domain_open(conversion->out, "controller", "type", "pci", "index", "0", "model", "pcie-root");
    domain_open(conversion->out, "pcihole64", "unit", "KiB");
    domain_content(conversion->out, "0");
    domain_close(conversion->out);
    domain_close(conversion->out);
}

static void convert_serial(const struct machine_conversion *conversion)
{
    if (!machine_conversion_has_console(conversion))
        return;
    domain_open(conversion->out, "controller", "type", "virtio-serial", "index", "0", "model",
        machine_conversion_virtio_model(conversion));
    machine_pci_place(conversion, MACHINE_PCI_CONTROLLER, NULL, NULL);
    domain_close(conversion->out);
}

long long machine_controllers_count_ports(const struct machine_conversion *conversion)
{
    if (conversion->pci->on_root)
        return 0;
    long long bytes = machine_memory_guest(conversion);
    size_t i = 0;
    while (bytes <= port_counts[i].above_bytes)
        i++;
    long long free_ports = port_counts[i].all - (long long)conversion->pci->count;
    if (free_ports < port_counts[i].least)
        free_ports = port_counts[i].least;
    long long count = free_ports - (long long)machine_slots_kept(conversion);
    return count > 0 ? count : 0;
}

static void convert_ports(const struct machine_conversion *conversion)
{
    machine_slots_check(conversion);
    if (conversion->host->form != MACHINE_FORM_DEFINITION)
        return;
    long long count = machine_controllers_count_ports(conversion);
    for (long long i = 1; i <= count && i <= LAST_BUS; i++) {
        auto_free char *index = xasprintf("%lld", i);
        domain_empty(conversion->out, "controller", "type", "pci", "index", index, "model",
            "pcie-root-port");
    }
}

void machine_controllers_convert(const struct machine_conversion *conversion)
{
    convert_usb(conversion);
    convert_scsi(conversion);
    convert_root(conversion);
    convert_serial(conversion);
    convert_ports(conversion);
}
