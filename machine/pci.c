#include "machine/pci.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "machine/controllers.h"
#include "machine/interfaces.h"
#include "machine/slots.h"
#include "machine/value.h"

enum {
    FIRST_SLOT = 0x02, /* after the host bridge and the screen */
    SOUND_SLOT = 0x1b, /* libvirt puts the first sound card there, */
    SATA_SLOT = 0x1f, /* and QEMU the SATA controller */
    SLOTS = 0x20,
};

/* A VMI's devices of each class; fixed: those of them whose address the VMI gives. */
struct census {
    size_t all[MACHINE_PCI_CLASSES];
    size_t fixed[MACHINE_PCI_CLASSES];
};

static void count_one(struct census *census, enum machine_pci_class class, const char *address)
{
    census->all[class]++;
    census->fixed[class] += address != NULL && address[0] != '\0';
}

static void count_interfaces(const struct machine_conversion *conversion, struct census *census)
{
    const json_t *interfaces = machine_value(conversion->devices, "/interfaces");
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        const json_t *interface = json_array_get(interfaces, i);
        if (machine_interface_is_written(interface))
            count_one(census, MACHINE_PCI_INTERFACE, machine_string(interface, "/pciAddress"));
    }
    if (machine_conversion_has_pod_interface(conversion))
        count_one(census, MACHINE_PCI_INTERFACE, NULL);
}

static void take_census(const struct machine_conversion *conversion, struct census *census)
{
    const json_t *devices = conversion->devices;
    const json_t *disks = machine_value(devices, "/disks");
    const json_t *inputs = machine_value(devices, "/inputs");
    count_interfaces(conversion, census);
    census->all[MACHINE_PCI_CONTROLLER] = machine_controllers_count(conversion);
    for (size_t i = 0; i < json_array_size(disks); i++) {
        const json_t *disk = json_array_get(disks, i);
        const char *bus = machine_string(disk, "/disk/bus");
        if (bus != NULL && streq(bus, "virtio"))
            count_one(census, MACHINE_PCI_DISK, machine_string(disk, "/disk/pciAddress"));
    }
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const char *bus = machine_string(json_array_get(inputs, i), "/bus");
        if (bus != NULL && streq(bus, "virtio"))
            count_one(census, MACHINE_PCI_INPUT, NULL);
    }
    census->all[MACHINE_PCI_WATCHDOG] = machine_value(devices, "/watchdog") != NULL;
    census->all[MACHINE_PCI_RNG] = machine_value(devices, "/rng") != NULL;
    census->all[MACHINE_PCI_BALLOON] = 1;
}

void machine_pci_plan(const struct machine_conversion *conversion, struct machine_pci *out)
{
    struct census census = {0};
    size_t before = 0;
    take_census(conversion, &census);
    *out = (struct machine_pci){.on_root = machine_slots_are_on_root(conversion)};
    for (size_t i = 0; i < MACHINE_PCI_CLASSES; i++) {
        out->next[i] = before;
        out->count += census.all[i];
        before += census.all[i] - census.fixed[i];
    }
}

/* Writes an address as the VMI gives it. Returns whether it is one. */
static bool place_at(const struct machine_conversion *conversion, const char *given)
{
    static const char form[] = "xxxx:xx:xx.o";
    static const char digits[] = "0123456789abcdefABCDEF";
    if (strlen(given) != strlen(form))
        return false;
    for (size_t i = 0; form[i] != '\0'; i++) {
        bool is_right = form[i] == 'x'   ? strchr(digits, given[i]) != NULL
                        : form[i] == 'o' ? given[i] >= '0' && given[i] <= '7'
                                         : given[i] == form[i];
        if (!is_right)
            return false;
    }
    auto_free char *domain = xasprintf("0x%.4s", given);
    auto_free char *bus = xasprintf("0x%.2s", given + 5);
    auto_free char *slot = xasprintf("0x%.2s", given + 8);
    auto_free char *function = xasprintf("0x%s", given + 11);
    domain_empty(conversion->out, "address", "type", "pci", "domain", domain, "bus", bus, "slot",
        slot, "function", function);
    return true;
}

/* The slot of the device that number others precede on the root complex. */
static size_t slot_of(size_t number)
{
    size_t slot = FIRST_SLOT + number;
    if (slot >= SOUND_SLOT)
        slot++;
    if (slot >= SATA_SLOT)
        slot++;
    return slot;
}

void machine_pci_place(const struct machine_conversion *conversion, enum machine_pci_class class,
    const char *given, const char *place)
{
    if (given != NULL && given[0] != '\0') {
        if (!place_at(conversion, given)) {
            findings_error(conversion->findings, place,
                "must be a PCI address, such as \"0000:81:01.0\", not \"%s\"", given);
        }
        return;
    }
    if (!conversion->pci->on_root)
        return;
    size_t slot = slot_of(conversion->pci->next[class]++);
    if (slot >= SLOTS) {
        findings_error(conversion->findings, "/spec/domain/devices",
            "has more devices than the root complex has slots; remove the annotation "
            "kubevirt.io/placePCIDevicesOnRootComplex");
    }
    auto_free char *text = xasprintf("0x%02zx", slot);
    domain_empty(conversion->out, "address", "type", "pci", "domain", "0x0000", "bus", "0x00",
        "slot", text, "function", "0x0");
}
