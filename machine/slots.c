#include "machine/slots.h"

#include "base/text.h"
#include "machine/value.h"

#define COUNT "kubevirt.io/pci-interface-slot-count"

enum {
    DEFAULT_INTERFACES = 4,
    MAX_SLOTS = 31, /* a root port occupies a slot of bus 0, which has 32 */
};

/* Reads the annotation. Returns whether it is absent or valid. */
static bool read_count(const struct machine_conversion *conversion, long *count)
{
    const char *given = machine_conversion_annotation(conversion, COUNT);
    return given == NULL || text_parse_int(given, 0, MAX_SLOTS, count);
}

size_t machine_slots_kept(const struct machine_conversion *conversion)
{
    long interfaces = (long)json_array_size(machine_value(conversion->devices, "/interfaces"));
    interfaces += machine_conversion_has_pod_interface(conversion);
    bool is_default = machine_conversion_annotation(conversion, COUNT) == NULL &&
                      !machine_slots_are_on_root(conversion);
    long total = is_default && interfaces > 0 ? DEFAULT_INTERFACES : 0;
    read_count(conversion, &total);
    return total > interfaces ? (size_t)(total - interfaces) : 0;
}

void machine_slots_check(const struct machine_conversion *conversion)
{
    long count = 0;
    if (read_count(conversion, &count))
        return;
    findings_error(conversion->findings,
        "/metadata/annotations/kubevirt.io~1pci-interface-slot-count",
        "must be a number of slots from 0 to %d, not \"%s\"", MAX_SLOTS,
        machine_conversion_annotation(conversion, COUNT));
}

bool machine_slots_are_on_root(const struct machine_conversion *conversion)
{
    const char *on_root =
        machine_conversion_annotation(conversion, "kubevirt.io/placePCIDevicesOnRootComplex");
    return on_root != NULL && streq(on_root, "true");
}
