#include "machine/sysinfo.h"

#include <string.h>
#include <uuid/uuid.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

/* The namespace in which KubeVirt derives the UUID of a machine from its name: version 5 of
 * RFC 4122. */
#define UUID_NAMESPACE "6a1a24a1-4061-4607-8bf4-a3963d0c5895"

static void convert_entry(
    const struct machine_conversion *conversion, const char *name, const char *value)
{
    domain_open(conversion->out, "entry", "name", name);
    domain_content(conversion->out, value);
    domain_close(conversion->out);
}

/* Writes the UUID: the VMI's own, or the one that KubeVirt derives from a machine's name. */
static void convert_uuid(const struct machine_conversion *conversion)
{
    const char *given = machine_string(conversion->domain, "/firmware/uuid");
    uuid_t uuid;
    if (given != NULL && given[0] != '\0') {
        if (uuid_parse(given, uuid) < 0) {
            findings_error(conversion->findings, "/spec/domain/firmware/uuid",
                "must be a UUID, such as \"5d307ca9-b3ef-428c-8861-06e72d69f223\", not \"%s\"",
                given);
        }
        convert_entry(conversion, "uuid", given);
        return;
    }
    const char *name = text_or(machine_string(conversion->vmi, "/metadata/name"), "");
    uuid_t namespace;
    uuid_parse(UUID_NAMESPACE, namespace);
    uuid_generate_sha1(uuid, namespace, name, strlen(name));
    char text[UUID_STR_LEN];
    uuid_unparse_lower(uuid, text);
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
    if (serial != NULL && serial[0] != '\0')
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
