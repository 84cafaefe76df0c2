#include "domain/layout.h"

#include <libxml/parser.h>
#include <libxml/xmlsave.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "domain/complaints.h"
#include "domain/identity.h"

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

/* Whether the text in an element is only layout: nothing but blanks, next to other nodes or with a
 * line break. */
static bool text_is_layout(const xmlNode *element)
{
    bool beside_others = false;
    bool line_break = false;
    for (xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type != XML_TEXT_NODE)
            beside_others = true;
        else if (!xmlIsBlankNode(child))
            return false;
        else if (xmlStrchr(child->content, '\n') != NULL)
            line_break = true;
    }
    return beside_others || line_break;
}

/* The recursion is limited: the document is at most DOMAIN_MAX_DEPTH deep. */
static void normalize(xmlNode *element)
{
    sort_attributes(element);
    bool drop_text = text_is_layout(element);
    xmlNode *next = NULL;
    for (xmlNode *child = element->children; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE) {
            normalize(child);
        } else if (child->type == XML_TEXT_NODE && drop_text) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
        }
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
    if (length > DOMAIN_TREE_MAX_BYTES || domain_identify(xml, length, NULL, NULL) < 0)
        return NULL;
    struct domain_complaints complaints;
    domain_complaints_begin(&complaints);
    char *text = NULL;
    xmlDoc *document = xmlReadMemory(
        xml, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOCDATA);
    if (document != NULL) {
        normalize(xmlDocGetRootElement(document));
        text = print(document, out_length);
        xmlFreeDoc(document);
    }
    domain_complaints_end(&complaints);
    domain_complaints_clear(&complaints);
    return text;
}
