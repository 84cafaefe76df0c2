#include "machine/sysinfo.h"

#include <uuid/uuid.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/uuid.h"
#include "machine/value.h"

static void convert_entry(
    const struct machine_conversion *conversion, const char *name, const char *value)
{
    domain_open(conversion->out, "entry", "name", name);
    domain_content(conversion->out, value);
    domain_close(conversion->out);
}

static void convert_uuid(const struct machine_conversion *conversion)
{
    auto_free char *text = machine_uuid(conversion->vmi);
    uuid_t uuid;
    if (uuid_parse(text, uuid) < 0) {
        findings_error(conversion->findings, "/spec/domain/firmware/uuid",
            "must be a UUID, such as \"5d307ca9-b3ef-428c-8861-06e72d69f223\", not \"%s\"", text);
    }
    convert_entry(conversion, "uuid", text);
}

/* Writes the chassis: all its entries if the VMI has any. */
static void convert_chassis(const struct machine_conversion *conversion)
{
    static const char *const names[] = {"manufacturer", "version", "serial", "asset", "sku"};
    const json_t *chassis = machine_value(conversion->domain, "/chassis");
    domain_open(conversion->out, "chassis");
    for (size_t i = 0; chassis != NULL && i < ARRAY_SIZE(names); i++)
        convert_entry(conversion, names[i], text_or(json_get_string(chassis, names[i]), ""));
    domain_close(conversion->out);
}

void machine_sysinfo_convert(const struct machine_conversion *conversion)
{
    const char *serial = machine_string(conversion->domain, "/firmware/serial");
    domain_open(conversion->out, "sysinfo", "type", "smbios");
    domain_open(conversion->out, "system");
    convert_uuid(conversion);
    if (serial != NULL)
        convert_entry(conversion, "serial", serial);
    convert_entry(conversion, "manufacturer", "KubeVirt");
    convert_entry(conversion, "family", "KubeVirt");
    convert_entry(conversion, "product", "None");
    convert_entry(conversion, "sku", "");
    convert_entry(conversion, "version", "");
    domain_close(conversion->out);
    domain_empty(conversion->out, "bios");
    domain_empty(conversion->out, "baseBoard");
    convert_chassis(conversion);
    domain_close(conversion->out);
}
