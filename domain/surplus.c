#include "domain/surplus.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/print.h"
#include "domain/tree.h"

const struct domain_surplus_row domain_surplus[] = {
    {"sysinfo/bios", true, "smbios", "KubeVirt writes it without an entry, too"},
    {"sysinfo/baseBoard", true, "smbios", "KubeVirt writes it without an entry, too"},
    {"sysinfo/chassis", true, "smbios", "KubeVirt writes it without an entry, too"},
    {"devices/disk/filesystemOverhead", false, NULL,
        "KubeVirt's own: the part of a claim that its file system takes"},
    {"devices/disk/capacity", false, NULL, "KubeVirt's own: the size of a claim"},
    {NULL, false, NULL, NULL},
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

static size_t unlink_path(xmlNode *parent, const char *path, bool empty)
{
    char name[NAME_MAX_BYTES];
    const char *rest = first_name(path, name);
    size_t count = 0;
    xmlNode *next = NULL;
    for (xmlNode *child = parent->children; child != NULL; child = next) {
        next = child->next;
        if (!domain_tree_is(child, name, NULL))
            continue;
        if (rest != NULL) {
            count += unlink_path(child, rest, empty);
        } else if (!empty || is_empty(child)) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
            count++;
        }
    }
    return count;
}

size_t domain_surplus_unlink(xmlDoc *document)
{
    size_t count = 0;
    for (const struct domain_surplus_row *row = domain_surplus; row->path != NULL; row++)
        count += unlink_path(xmlDocGetRootElement(document), row->path, row->empty);
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

char *domain_surplus_remove(const char *xml, size_t length, size_t *out_length, struct error **err)
{
    auto_tree xmlDoc *document = domain_tree_read(xml, length, err);
    if (document == NULL)
        return NULL;
    if (domain_surplus_unlink(document) > 0)
        return domain_print_document(document, out_length);
    *out_length = length;
    return xstrndup(xml, length);
}
