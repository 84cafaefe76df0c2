#include "domain/layout.h"

#include <libxml/xmlsave.h>
#include <stdlib.h>

#include "domain/identity.h"
#include "domain/tree.h"

/* Compares by local name, then by prefix. */
static int compare_attributes(const void *left, const void *right)
{
    const xmlAttr *a = *(xmlAttr *const *)left;
    const xmlAttr *b = *(xmlAttr *const *)right;
    int order = xmlStrcmp(a->name, b->name);
    if (order != 0)
        return order;
    return xmlStrcmp(a->ns != NULL ? a->ns->prefix : NULL, b->ns != NULL ? b->ns->prefix : NULL);
}

static void sort_attributes(xmlNode *element)
{
    xmlAttr *attributes[DOMAIN_MAX_ATTRIBUTES];
    size_t count = 0;
    for (xmlAttr *at = element->properties; at != NULL && count < ARRAY_SIZE(attributes);
         at = at->next)
        attributes[count++] = at;
    if (count < 2)
        return;
    qsort(attributes, count, sizeof(xmlAttr *), compare_attributes);
    for (size_t i = 0; i < count; i++) {
        attributes[i]->prev = i > 0 ? attributes[i - 1] : NULL;
        attributes[i]->next = i + 1 < count ? attributes[i + 1] : NULL;
    }
    element->properties = attributes[0];
}

/* The recursion is limited: the document is at most DOMAIN_MAX_DEPTH deep. */
static void sort_all_attributes(xmlNode *element)
{
    sort_attributes(element);
    for (xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            sort_all_attributes(child);
    }
}

static char *print(xmlDoc *document, size_t *out_length)
{
    xmlBuffer *buffer = xmlBufferCreate();
    xmlSaveCtxt *save = xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_FORMAT | XML_SAVE_NO_DECL);
    if (buffer == NULL || save == NULL)
        abort(); /* out of memory */
    xmlSaveDoc(save, document);
    xmlSaveClose(save);
    *out_length = (size_t)xmlBufferLength(buffer);
    char *text = xstrndup((const char *)xmlBufferContent(buffer), *out_length);
    xmlBufferFree(buffer);
    return text;
}

char *domain_layout(const char *xml, size_t length, size_t *out_length)
{
    auto_tree xmlDoc *document = domain_tree_read(xml, length, NULL);
    if (document == NULL)
        return NULL;
    sort_all_attributes(xmlDocGetRootElement(document));
    domain_tree_drop_layout(xmlDocGetRootElement(document));
    return print(document, out_length);
}
