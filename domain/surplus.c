#include "domain/surplus.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/print.h"
#include "domain/tree.h"

#define NO_ENTRY "KubeVirt writes it without an entry, too"

const struct domain_surplus_row domain_surplus[] = {
    {"sysinfo/bios", DOMAIN_SURPLUS_EMPTY_ELEMENT, .of_type = "smbios", .why = NO_ENTRY},
    {"sysinfo/baseBoard", DOMAIN_SURPLUS_EMPTY_ELEMENT, .of_type = "smbios", .why = NO_ENTRY},
    {"sysinfo/chassis", DOMAIN_SURPLUS_EMPTY_ELEMENT, .of_type = "smbios", .why = NO_ENTRY},
    {"devices/interface/source", DOMAIN_SURPLUS_EMPTY_ELEMENT,
        .why = "KubeVirt writes it for every interface"},
    {"devices/disk/filesystemOverhead", DOMAIN_SURPLUS_ELEMENT,
        .why = "KubeVirt's own: the part of a claim that its file system takes"},
    {"devices/disk/capacity", DOMAIN_SURPLUS_ELEMENT, .why = "KubeVirt's own: the size of a claim"},
    {"devices/disk/source", DOMAIN_SURPLUS_ATTRIBUTE, "name", .beside = "dev",
        .why = "KubeVirt's own: the volume of a block device"},
    {"devices/disk/backingStore/source", DOMAIN_SURPLUS_ATTRIBUTE, "name", .beside = "dev",
        .why = "KubeVirt's own: the volume of a block device"},
    {"devices/disk/source/reservations", DOMAIN_SURPLUS_ATTRIBUTE, "migration",
        .why = "for live migration, and only in newer schemas"},
    {"devices/filesystem", DOMAIN_SURPLUS_ATTRIBUTE, "accessMode", .beside = "socket",
        .why = "libvirt leaves the access to the virtiofsd that listens on the socket"},
    {"devices/filesystem/source", DOMAIN_SURPLUS_EMPTY_ATTRIBUTE, "dir", .beside = "socket",
        .why = "KubeVirt writes it beside the socket of its virtiofsd"},
    {"clock", DOMAIN_SURPLUS_MISSING_ATTRIBUTE, "offset", "utc",
        .why = "KubeVirt leaves libvirt's default to libvirt"},
    {"cpu/feature", DOMAIN_SURPLUS_MISSING_ATTRIBUTE, "policy", "require",
        .why = "KubeVirt leaves libvirt's default to libvirt"},
    {"maxMemory", DOMAIN_SURPLUS_ELEMENT_WITH, "slots", "0",
        .why = "for memory that is plugged in, which older libvirts take only with slots for it"},
    {.path = NULL},
};

enum { NAME_MAX_BYTES = 32 }; /* of the names in the table */

/* Copies the first name of a path to name. Returns the rest of the path; NULL if it is the last. */
static const char *first_name(const char *path, char name[NAME_MAX_BYTES])
{
    size_t length = strcspn(path, "/");
    memcpy(name, path, length);
    name[length] = '\0';
    return path[length] == '/' ? path + length + 1 : NULL;
}

static bool is_empty(const xmlNode *element)
{
    if (element->properties != NULL)
        return false;
    for (const xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type != XML_TEXT_NODE || !xmlIsBlankNode(child))
            return false;
    }
    return true;
}

static bool has_no_value(const xmlAttr *attribute)
{
    for (const xmlNode *text = attribute->children; text != NULL; text = text->next) {
        if (text->content == NULL || text->content[0] != '\0')
            return false;
    }
    return true;
}

static bool has_beside(const xmlNode *element, const char *name)
{
    if (xmlHasNsProp(element, BAD_CAST name, NULL) != NULL)
        return true;
    for (const xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && xmlHasNsProp(child, BAD_CAST name, NULL) != NULL)
            return true;
    }
    return false;
}

/* Whether an attribute, which may be NULL, has this value. */
static bool has_value(const xmlAttr *attribute, const char *value)
{
    xmlChar *found = attribute != NULL ? xmlGetNoNsProp(attribute->parent, attribute->name) : NULL;
    bool is_equal = found != NULL && streq((const char *)found, value);
    xmlFree(found);
    return is_equal;
}

/* Puts an element right. Returns whether there was something to do. */
static bool correct(xmlNode *element, const struct domain_surplus_row *row)
{
    xmlAttr *attribute =
        row->attribute != NULL ? xmlHasNsProp(element, BAD_CAST row->attribute, NULL) : NULL;
    if (row->beside != NULL && !has_beside(element, row->beside))
        return false;
    switch (row->kind) {
    case DOMAIN_SURPLUS_EMPTY_ELEMENT:
        if (!is_empty(element))
            return false;
        break;
    case DOMAIN_SURPLUS_ELEMENT:
        break;
    case DOMAIN_SURPLUS_ELEMENT_WITH:
        if (!has_value(attribute, row->value))
            return false;
        break;
    case DOMAIN_SURPLUS_EMPTY_ATTRIBUTE:
        return attribute != NULL && has_no_value(attribute) && xmlRemoveProp(attribute) == 0;
    case DOMAIN_SURPLUS_ATTRIBUTE:
        return attribute != NULL && xmlRemoveProp(attribute) == 0;
    case DOMAIN_SURPLUS_MISSING_ATTRIBUTE:
        if (attribute != NULL)
            return false;
        xmlNewProp(element, BAD_CAST row->attribute, BAD_CAST row->value);
        return true;
    }
    xmlUnlinkNode(element);
    xmlFreeNode(element);
    return true;
}

/* Puts the elements at a path below parent right. Returns how many there were to do. */
static size_t correct_path(xmlNode *parent, const char *path, const struct domain_surplus_row *row)
{
    char name[NAME_MAX_BYTES];
    const char *rest = first_name(path, name);
    size_t count = 0;
    xmlNode *next = NULL;
    for (xmlNode *child = parent->children; child != NULL; child = next) {
        next = child->next;
        if (!domain_tree_is(child, name, NULL))
            continue;
        count += rest != NULL ? correct_path(child, rest, row) : correct(child, row);
    }
    return count;
}

size_t domain_surplus_correct(xmlDoc *document)
{
    size_t count = 0;
    for (const struct domain_surplus_row *row = domain_surplus; row->path != NULL; row++)
        count += correct_path(xmlDocGetRootElement(document), row->path, row);
    return count;
}

/* Adds an empty element to a parent of this type that has none of this name. */
static void add_to(xmlNode *parent, const char *name, const char *type)
{
    xmlChar *value = xmlGetNoNsProp(parent, BAD_CAST "type");
    bool wanted = value != NULL && streq((const char *)value, type);
    xmlFree(value);
    for (const xmlNode *child = parent->children; child != NULL; child = child->next) {
        if (domain_tree_is(child, name, NULL))
            wanted = false;
    }
    if (wanted)
        xmlNewChild(parent, NULL, BAD_CAST name, NULL);
}

void domain_surplus_add(xmlDoc *document)
{
    xmlNode *root = xmlDocGetRootElement(document);
    for (const struct domain_surplus_row *row = domain_surplus; row->path != NULL; row++) {
        char parent[NAME_MAX_BYTES];
        const char *name = first_name(row->path, parent);
        if (row->of_type == NULL)
            continue;
        for (xmlNode *child = root->children; child != NULL; child = child->next) {
            if (domain_tree_is(child, parent, NULL))
                add_to(child, name, row->of_type);
        }
    }
}

char *domain_surplus_put_right(
    const char *xml, size_t length, size_t *out_length, struct error **err)
{
    auto_tree xmlDoc *document = domain_tree_read(xml, length, err);
    if (document == NULL)
        return NULL;
    if (domain_surplus_correct(document) > 0)
        return domain_print_document(document, out_length);
    *out_length = length;
    return xstrndup(xml, length);
}
