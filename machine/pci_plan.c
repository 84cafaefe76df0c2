#include "machine/pci_plan.h"

#include "base/text.h"
#include "machine/controllers.h"
#include "machine/interfaces.h"
#include "machine/slots.h"
#include "machine/value.h"

/* A VMI's devices of each class; fixed: those of them whose address the VMI gives. */
struct census {
    size_t all[MACHINE_PCI_CLASSES];
    size_t fixed[MACHINE_PCI_CLASSES];
};

static void count_one(struct census *census, enum machine_pci_class class, const char *address)
{
    census->all[class]++;
    census->fixed[class] += address != NULL;
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
