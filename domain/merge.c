#include "domain/merge.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/canonical.h"
#include "domain/identity.h"
#include "domain/parts.h"
#include "domain/print.h"
#include "domain/tree.h"

enum { SHOWN_MAX = 128 }; /* bytes of the document's text in a message */

/* An element that may be there once. */
struct part {
    char *name; /* the key, as domain/parts.h gives it */
    char *text; /* its canonical form */
    UT_hash_handle hh;
};

struct merge {
    struct part *parts;
    struct first {
        const struct domain_parts_row *row;
        xmlNode *element;
    } firsts[DOMAIN_PARTS_ROWS]; /* the first element of each row that has been seen */
    struct domain_clash *clash; /* or NULL */
    bool changed;
};

void domain_clash_clear(struct domain_clash *clash)
{
    free(clash->part);
    free(clash->text);
    *clash = (struct domain_clash){0};
}

static const char *uri_of(const xmlNode *node)
{
    return node->ns != NULL ? (const char *)node->ns->href : NULL;
}

static void note_clash(struct merge *merge, const struct domain_parts_row *row,
    const xmlNode *element, char *take_part)
{
    auto_free char *part = take_part;
    struct domain_clash *clash = merge->clash;
    if (clash == NULL || clash->text != NULL)
        return;
    const char *key = row->rule == DOMAIN_PARTS_NAMESPACES ? text_or(uri_of(element), "")
                                                           : (const char *)element->name;
    auto_free char *shown = text_printable(key, strlen(key), SHOWN_MAX);
    if (row->rule == DOMAIN_PARTS_ONCE)
        clash->text = xasprintf("<domain> has two different <%s>", part);
    else if (row->rule == DOMAIN_PARTS_NAMESPACES)
        clash->text =
            xasprintf("<%s> has two different elements of the namespace \"%s\"", row->name, shown);
    else
        clash->text = xasprintf("<%s> has two different <%s>", row->name, shown);
    clash->part = steal(&part);
}

/* Looks at an element of the row (DOMAIN_PARTS_ONCE), or at a child of one. Returns whether an
 * equal one is there already. */
static bool see_part(
    struct merge *merge, const struct domain_parts_row *row, const xmlNode *element)
{
    char *name = domain_parts_name(row, (const char *)element->name, uri_of(element));
    if (name == NULL)
        return false;
    struct part *part = NULL;
    HASH_FIND_STR(merge->parts, name, part);
    if (part == NULL) {
        part = xmalloc(sizeof(*part));
        *part = (struct part){.name = name, .text = domain_canonical(element)};
        HASH_ADD_KEYPTR(hh, merge->parts, part->name, strlen(part->name), part);
        return false;
    }
    auto_free char *text = domain_canonical(element);
    if (!streq(text, part->text)) {
        note_clash(merge, row, element, name);
        return false;
    }
    free(name);
    return true;
}

static void drop(struct merge *merge, xmlNode *element)
{
    merge->changed = true;
    xmlUnlinkNode(element);
    xmlFreeNode(element);
}

/* Moves the children of an element to the end of into, which may be the element itself. */
static void take_children(
    struct merge *merge, const struct domain_parts_row *row, xmlNode *element, xmlNode *into)
{
    xmlNode *next = NULL;
    for (xmlNode *child = element->children; child != NULL; child = next) {
        next = child->next;
        bool is_element = child->type == XML_ELEMENT_NODE;
        if (is_element && see_part(merge, row, child)) {
            drop(merge, child);
        } else if (element != into) {
            xmlUnlinkNode(child);
            xmlAddChild(into, child); /* frees a text that it joins to another */
            if (is_element)
                xmlReconciliateNs(into->doc, child);
        }
    }
}

static const struct domain_parts_row *row_of(const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE)
        return NULL;
    xmlChar *type = xmlGetNoNsProp(node, BAD_CAST "type");
    const struct domain_parts_row *row =
        domain_parts_find((const char *)node->name, uri_of(node), (const char *)type);
    xmlFree(type);
    return row;
}

/* The first element of a row: this one, unless one was seen before. */
static xmlNode *first_of(struct merge *merge, const struct domain_parts_row *row, xmlNode *element)
{
    struct first *first = merge->firsts;
    while (first->row != NULL && first->row != row)
        first++;
    if (first->row == NULL)
        *first = (struct first){row, element};
    return first->element;
}

static void parts_free(struct merge *merge)
{
    struct part *part = NULL;
    struct part *next = NULL;
    HASH_ITER (hh, merge->parts, part, next) {
        HASH_DEL(merge->parts, part);
        free(part->name);
        free(part->text);
        free(part);
    }
}

bool domain_merge_elements(xmlDoc *document, struct domain_clash *clash)
{
    struct merge merge = {.clash = clash};
    xmlNode *root = xmlDocGetRootElement(document);
    domain_tree_drop_layout(root);
    xmlNode *next = NULL;
    for (xmlNode *element = root->children; element != NULL; element = next) {
        next = element->next;
        const struct domain_parts_row *row = row_of(element);
        if (row == NULL)
            continue;
        if (row->rule == DOMAIN_PARTS_ONCE) {
            if (see_part(&merge, row, element))
                drop(&merge, element);
            continue;
        }
        /* libvirt knows no attribute of these: what has one keeps its children. */
        xmlNode *into = element->properties == NULL ? first_of(&merge, row, element) : element;
        take_children(&merge, row, element, into);
        if (element != into)
            drop(&merge, element);
    }
    parts_free(&merge);
    return merge.changed;
}

char *domain_merge(const char *xml, size_t length, size_t *out_length, struct domain_clash *clash,
    struct error **err)
{
    if (length > DOMAIN_TREE_MAX_BYTES) {
        error_set(err, ERROR_INPUT,
            "domain XML: it has %zu bytes and an element more than once, which can be merged in at "
            "most %d bytes (2 MiB)",
            length, DOMAIN_TREE_MAX_BYTES);
        return NULL;
    }
    auto_tree xmlDoc *document = domain_tree_read(xml, length, err);
    if (document == NULL)
        return NULL;
    bool changed = domain_merge_elements(document, clash);
    if (clash->text != NULL)
        return NULL;
    if (changed)
        return domain_print_document(document, out_length);
    *out_length = length;
    return xstrndup(xml, length);
}
