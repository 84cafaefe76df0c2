#include "machine/conversion.h"

#include "base/text.h"
#include "machine/value.h"

void machine_conversion_alias(const struct machine_conversion *conversion, const char *name)
{
    auto_free char *alias = xasprintf("ua-%s", name);
    domain_empty(conversion->out, "alias", "name", alias);
}

bool machine_conversion_has_pod_interface(const struct machine_conversion *conversion)
{
    return machine_boolean(conversion->devices, "/autoattachPodInterface", true) &&
           json_array_size(machine_value(conversion->devices, "/interfaces")) == 0 &&
           json_array_size(machine_value(conversion->vmi, "/spec/networks")) == 0;
}

bool machine_conversion_boots_efi(const struct machine_conversion *conversion)
{
    return machine_value(conversion->domain, "/firmware/bootloader/efi") != NULL;
}
