#include "machine/pci.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
    FIRST_SLOT = 0x02, /* after the host bridge and the screen */
    SOUND_SLOT = 0x1b, /* libvirt puts the first sound card there, */
    SATA_SLOT = 0x1f, /* and QEMU the SATA controller */
    SLOTS = 0x20,
};

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
    if (given != NULL) {
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
