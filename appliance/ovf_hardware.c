#include "appliance/ovf_hardware.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/ovf_xml.h"
#include "base/text.h"

/* Whether word is among the words of a list, separated by blanks. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *found = strstr(list, word); found != NULL; found = strstr(found + 1, word)) {
        bool begins = found == list || strchr(" \t\r\n", found[-1]) != NULL;
        if (begins && (found[length] == '\0' || strchr(" \t\r\n", found[length]) != NULL))
            return true;
    }
    return false;
}

static bool applies(const xmlNode *node, const char *configuration)
{
    auto_free char *bound = appliance_ovf_xml_attribute(node, "bound");
    auto_free char *configurations = appliance_ovf_xml_attribute(node, "configuration");
    if (bound != NULL && !streq(bound, "normal"))
        return false;
    return configurations == NULL ||
           (configuration != NULL && has_word(configurations, configuration));
}

static void clear_item(struct appliance_ovf_item *item)
{
    char *const strings[] = {item->id, item->parent, item->address, item->subtype, item->name,
        item->resource, item->network, item->quantity, item->units, item->cores};
    for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
        free(strings[i]);
    *item = (struct appliance_ovf_item){0};
}

/* Reads one. Returns false with an error if it has no type. */
static bool read_item(
    const xmlNode *node, struct appliance_ovf_item *item, struct findings *findings)
{
    enum { MAX_TYPE = 65535 };
    auto_free char *type = appliance_ovf_xml_text(node, "ResourceType");
    *item = (struct appliance_ovf_item){.line = xmlGetLineNo(node)};
    if (type == NULL || !text_parse_int(type, 0, MAX_TYPE, &item->type)) {
        auto_free char *shown = text_printable(text_or(type, ""), strlen(text_or(type, "")), 80);
        findings_error(
            findings, "", "line %ld: ResourceType must be a number, not \"%s\"", item->line, shown);
        return false;
    }
    auto_free char *configurations = appliance_ovf_xml_attribute(node, "configuration");
    item->is_optional = configurations != NULL;
    item->id = appliance_ovf_xml_text(node, "InstanceID");
    item->parent = appliance_ovf_xml_text(node, "Parent");
    item->address = appliance_ovf_xml_text(node, "AddressOnParent");
    item->subtype = appliance_ovf_xml_text(node, "ResourceSubType");
    item->name = appliance_ovf_xml_text(node, "ElementName");
    item->resource = appliance_ovf_xml_text(node, "HostResource");
    item->network = appliance_ovf_xml_text(node, "Connection");
    item->quantity = appliance_ovf_xml_text(node, "VirtualQuantity");
    item->units = appliance_ovf_xml_text(node, "AllocationUnits");
    item->cores = appliance_ovf_xml_text(node, "CoresPerSocket");
    return true;
}

static void refuse_second(const struct appliance_ovf_item *item,
    const struct appliance_ovf_item *other, struct findings *findings)
{
    auto_free char *shown = text_printable(item->id, strlen(item->id), 80);
    findings_error(findings, "", "line %ld: InstanceID \"%s\" is that of the Item in line %ld",
        item->line, shown, other->line);
}

/* Adds an item, in the place of one of the same id. Takes what it owns. */
static void add_item(struct appliance_ovf_hardware *hardware, struct appliance_ovf_item *take_item,
    struct findings *findings)
{
    for (size_t i = 0; take_item->id != NULL && i < hardware->count; i++) {
        struct appliance_ovf_item *other = &hardware->items[i];
        if (other->id != NULL && streq(other->id, take_item->id)) {
            if (!other->is_optional && !take_item->is_optional)
                refuse_second(take_item, other, findings);
            clear_item(other);
            *other = *take_item;
            return;
        }
    }
    hardware->items = xreallocarray(hardware->items, hardware->count + 1, sizeof(*hardware->items));
    hardware->items[hardware->count++] = *take_item;
}

static bool is_item(const xmlNode *node)
{
    static const char *const names[] = {"Item", "StorageItem", "EthernetPortItem"};
    return text_index((const char *)node->name, names, ARRAY_SIZE(names)) >= 0;
}

void appliance_ovf_hardware_read(struct appliance_ovf_hardware *hardware, const xmlNode *section,
    const char *configuration, struct findings *findings)
{
    for (const xmlNode *node = appliance_ovf_xml_child(section, NULL); node != NULL;
         node = appliance_ovf_xml_next(node, NULL)) {
        struct appliance_ovf_item item;
        if (!is_item(node) || !applies(node, configuration))
            continue;
        if (hardware->count == APPLIANCE_OVF_MAX_ITEMS) {
            findings_error(findings, "", "line %ld: a machine may have %d items of hardware",
                xmlGetLineNo(node), APPLIANCE_OVF_MAX_ITEMS);
            return;
        }
        if (read_item(node, &item, findings))
            add_item(hardware, &item, findings);
    }
}

const struct appliance_ovf_item *appliance_ovf_hardware_find(
    const struct appliance_ovf_hardware *hardware, const char *id)
{
    for (size_t i = 0; id != NULL && i < hardware->count; i++) {
        if (hardware->items[i].id != NULL && streq(hardware->items[i].id, id))
            return &hardware->items[i];
    }
    return NULL;
}

const struct appliance_ovf_item *appliance_ovf_hardware_last(
    const struct appliance_ovf_hardware *hardware, enum appliance_ovf_type type)
{
    for (size_t i = hardware->count; i > 0; i--) {
        if (hardware->items[i - 1].type == (long)type)
            return &hardware->items[i - 1];
    }
    return NULL;
}

void appliance_ovf_hardware_clear(struct appliance_ovf_hardware *hardware)
{
    for (size_t i = 0; i < hardware->count; i++)
        clear_item(&hardware->items[i]);
    free(hardware->items);
    *hardware = (struct appliance_ovf_hardware){0};
}
