#include "domain/newer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/print.h"
#include "domain/tree.h"

static const struct row {
    const char *path; /* element names below <domain> */
    const char *attribute; /* NULL: the element itself is newer */
    const char *value; /* of the attribute, which is newer; NULL: the attribute is */
    const char *name;
    bool dispensable;
    bool whole; /* the element with this value is newer, not only the attribute */
} rows[] = {
    {"devices/disk/driver/iothreads", NULL, NULL, "a pool of I/O threads", false, false},
    {"devices/disk/blockio", "discard_granularity", NULL, "a disk's discard granularity", true,
        false},
    {"devices/panic", "model", "pvpanic", "the panic device pvpanic", false, false},
    {"os/acpi/table", "type", "msdm", "the MSDM table", false, true},
    {"features/hyperv/tlbflush/direct", NULL, NULL, "Hyper-V's direct TLB flush", true, false},
    {"features/hyperv/tlbflush/extended", NULL, NULL, "Hyper-V's extended TLB flush", true, false},
};

enum { NAME_MAX_BYTES = 32 }; /* of the elements in the table */

/* Whether an element has the attribute of a row, with its value. */
static bool has_attribute(const xmlNode *element, const struct row *row)
{
    xmlChar *value = xmlGetNoNsProp(element, BAD_CAST row->attribute);
    bool found = value != NULL && (row->value == NULL || streq((const char *)value, row->value));
    xmlFree(value);
    return found;
}

/* Removes what a row says from an element. Returns whether it was there. */
static bool take_out(xmlNode *element, const struct row *row)
{
    if (row->attribute != NULL && !has_attribute(element, row))
        return false;
    if (row->attribute != NULL && !row->whole)
        return xmlUnsetProp(element, BAD_CAST row->attribute) == 0;
    xmlUnlinkNode(element);
    xmlFreeNode(element);
    return true;
}

/* The same at a path below parent. */
static bool take_out_path(xmlNode *parent, const char *path, const struct row *row)
{
    char name[NAME_MAX_BYTES] = "";
    size_t length = strcspn(path, "/");
    memcpy(name, path, length);
    bool found = false;
    xmlNode *next = NULL;
    for (xmlNode *child = parent->children; child != NULL; child = next) {
        next = child->next;
        if (!domain_tree_is(child, name, NULL))
            continue;
        found |= path[length] == '/' ? take_out_path(child, path + length + 1, row)
                                     : take_out(child, row);
    }
    return found;
}

char *domain_newer_find(const char *xml, size_t length, char **rest, size_t *rest_length,
    bool *dispensable, struct error **err)
{
    auto_tree xmlDoc *document = domain_tree_read(xml, length, err);
    const char *names[ARRAY_SIZE(rows)];
    size_t count = 0;
    if (document == NULL)
        return NULL;
    *dispensable = true;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!take_out_path(xmlDocGetRootElement(document), rows[i].path, &rows[i]))
            continue;
        names[count++] = rows[i].name;
        *dispensable &= rows[i].dispensable;
    }
    if (count == 0)
        return NULL;
    *rest = domain_print_document(document, rest_length);
    return text_list_all(names, count);
}
