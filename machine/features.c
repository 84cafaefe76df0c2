#include "machine/features.h"

#include "machine/value.h"

void machine_features_convert(const struct machine_conversion *conversion)
{
    const json_t *features = machine_value(conversion->domain, "/features");
    domain_open(conversion->out, "features");
    if (machine_boolean(features, "/acpi/enabled", true))
        domain_empty(conversion->out, "acpi");
    if (machine_boolean(features, "/apic/enabled", machine_value(features, "/apic") != NULL))
        domain_empty(conversion->out, "apic");
    if (machine_boolean(features, "/smm/enabled", machine_value(features, "/smm") != NULL))
        domain_empty(conversion->out, "smm");
    domain_empty(conversion->out, "vmport", "state", "off");
    domain_close(conversion->out);
}
