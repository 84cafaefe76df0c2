#include "machine/device_tags.h"

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

/* The tag of an interface, or NULL. Borrowed. */
static const char *tag_of(const json_t *interface)
{
    return machine_string(interface, "/tag");
}

bool machine_device_tags_are_told(const json_t *vmi, const json_t *cloud_init)
{
    const char *source = json_get_string(cloud_init, "DataSource");
    const json_t *interfaces = machine_value(vmi, "/spec/domain/devices/interfaces");
    if (source == NULL || !streq(source, "configDrive"))
        return false;
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        if (tag_of(json_array_get(interfaces, i)) != NULL)
            return true;
    }
    return false;
}

/* The interface of the domain with the alias that a name becomes, or NULL. */
static const struct domain_interface *find(
    const struct domain_interfaces *interfaces, const char *name)
{
    auto_free char *alias = xasprintf("ua-%s", name);
    for (size_t i = 0; i < interfaces->count; i++) {
        if (interfaces->items[i].alias != NULL && streq(interfaces->items[i].alias, alias))
            return &interfaces->items[i];
    }
    return NULL;
}

json_t *machine_device_tags_data(
    const json_t *vmi, const struct domain_interfaces *interfaces, const char **missing)
{
    const json_t *specs = machine_value(vmi, "/spec/domain/devices/interfaces");
    auto_json json_t *data = json_array();
    *missing = NULL;
    for (size_t i = 0; i < json_array_size(specs); i++) {
        const json_t *spec = json_array_get(specs, i);
        const char *name = machine_string(spec, "/name");
        const char *tag = tag_of(spec);
        if (tag == NULL || name == NULL)
            continue;
        const struct domain_interface *found = find(interfaces, name);
        if (found == NULL || found->pci == NULL) {
            *missing = *missing != NULL ? *missing : name;
            continue;
        }
        json_array_append_new(
            data, json_pack("{s:s, s:s, s:s, s:s*, s:[s]}", "type", "nic", "bus", "pci", "address",
                      found->pci, "mac", found->mac, "tags", tag));
    }
    return json_array_size(data) > 0 ? steal(&data) : NULL;
}
