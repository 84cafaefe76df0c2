#include "domain/tree.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/text.h"
#include "domain/complaints.h"
#include "domain/identity.h"

xmlDoc *domain_tree_read(const char *xml, size_t length, struct error **err)
{
    if (domain_identify(xml, length, NULL, err) < 0)
        return NULL;
    if (length > DOMAIN_TREE_MAX_BYTES) {
        error_set(err, ERROR_INPUT, "domain XML: it has %zu bytes; at most %d are allowed here",
            length, DOMAIN_TREE_MAX_BYTES);
        return NULL;
    }
    struct domain_complaints complaints;
    domain_complaints_begin(&complaints);
    xmlDoc *document = xmlReadMemory(
        xml, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOCDATA);
    domain_complaints_end(&complaints);
    if (document == NULL) {
        auto_free char *reasons = domain_complaints_text(&complaints);
        error_set(err, ERROR_INPUT, "domain XML: %s", reasons);
    }
    domain_complaints_clear(&complaints);
    return document;
}

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
void domain_tree_drop_layout(xmlNode *element)
{
    bool drop_text = text_is_layout(element);
    xmlNode *next = NULL;
    for (xmlNode *child = element->children; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE) {
            domain_tree_drop_layout(child);
        } else if (child->type == XML_TEXT_NODE && drop_text) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
        }
    }
}

bool domain_tree_is(const xmlNode *node, const char *name, const char *uri)
{
    if (node->type != XML_ELEMENT_NODE || !streq((const char *)node->name, name))
        return false;
    return uri == NULL ? node->ns == NULL
                       : node->ns != NULL && streq((const char *)node->ns->href, uri);
}
