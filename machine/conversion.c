#include "machine/conversion.h"

#include "base/text.h"
#include "machine/value.h"

void machine_conversion_alias(const struct machine_conversion *conversion, const char *name)
{
    auto_free char *alias = xasprintf("ua-%s", name);
    domain_empty(conversion->out, "alias", "name", alias);
}

const char *machine_conversion_annotation(
    const struct machine_conversion *conversion, const char *name)
{
    const json_t *annotations = machine_value(conversion->vmi, "/metadata/annotations");
    return json_string_value(json_object_get(annotations, name));
}

const char *machine_conversion_virtio_model(const struct machine_conversion *conversion)
{
    bool transitional = machine_boolean(conversion->devices, "/useVirtioTransitional", false);
    return transitional ? "virtio-transitional" : "virtio-non-transitional";
}

bool machine_conversion_has_console(const struct machine_conversion *conversion)
{
    return machine_boolean(conversion->devices, "/autoattachSerialConsole", true);
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
