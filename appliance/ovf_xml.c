#include "appliance/ovf_xml.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/text.h"
#include "domain/complaints.h"

/* What the handlers of the parser learn. */
struct reading {
    bool has_type; /* a document type was there */
};

static void on_document_type(
    void *context, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    xmlParserCtxt *parser = context;
    struct reading *reading = parser->_private;
    (void)name;
    (void)public_id;
    (void)system_id;
    reading->has_type = true;
    xmlStopParser(parser);
}

/* Whether elements are inside one another deeper than the limit; does not recurse. */
static bool is_too_deep(const xmlNode *root)
{
    size_t depth = 1;
    const xmlNode *node = root;
    while (node != NULL) {
        if (depth > APPLIANCE_OVF_MAX_DEPTH)
            return true;
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            depth++;
            continue;
        }
        while (node != root && node->next == NULL) {
            node = node->parent;
            depth--;
        }
        node = node == root ? NULL : node->next;
    }
    return false;
}

static int check_root(const xmlNode *root, struct error **err)
{
    static const char *const namespaces[] = {
        "http://schemas.dmtf.org/ovf/envelope/",
        "http://www.vmware.com/schema/ovf/1/envelope",
    };
    const char *uri = root->ns != NULL ? (const char *)root->ns->href : "";
    bool is_ours = false;
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
        is_ours = is_ours || text_starts_with(uri, namespaces[i]);
    if (!streq((const char *)root->name, "Envelope") || !is_ours) {
        auto_free char *name = text_printable(root->name, strlen((const char *)root->name), 80);
        return error_set(err, ERROR_INPUT,
            "the root must be an Envelope of http://schemas.dmtf.org/ovf/envelope/1, not \"%s\"",
            name);
    }
    if (is_too_deep(root))
        return error_set(err, ERROR_INPUT, "elements are inside one another more than %d deep",
            APPLIANCE_OVF_MAX_DEPTH);
    return 0;
}

/* Parses with the handlers in place. Returns NULL with an error. */
static xmlDoc *parse(const char *xml, size_t length, struct error **err)
{
    struct reading reading = {0};
    struct domain_complaints complaints;
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        abort(); /* out of memory */
    parser->_private = &reading;
    parser->sax->internalSubset = on_document_type;
    parser->sax->externalSubset = on_document_type;
    domain_complaints_begin(&complaints);
    xmlDoc *document = xmlCtxtReadMemory(
        parser, xml, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA);
    domain_complaints_end(&complaints);
    if (reading.has_type) {
        xmlFreeDoc(document);
        document = NULL;
        error_set(
            err, ERROR_INPUT, "it has a document type (<!DOCTYPE …>), which OVF does not have");
    } else if (document == NULL) {
        auto_free char *reasons = domain_complaints_text(&complaints);
        error_set(err, ERROR_INPUT, "%s", reasons);
    }
    domain_complaints_clear(&complaints);
    xmlFreeParserCtxt(parser);
    return document;
}

xmlDoc *appliance_ovf_xml_read(const char *xml, size_t length, struct error **err)
{
    if (length > APPLIANCE_OVF_MAX_BYTES) {
        error_set(err, ERROR_INPUT, "it has %zu bytes; at most %d are allowed", length,
            APPLIANCE_OVF_MAX_BYTES);
        return NULL;
    }
    auto_ovf_xml xmlDoc *document = parse(xml, length, err);
    if (document == NULL)
        return NULL;
    const xmlNode *root = xmlDocGetRootElement(document);
    if (root == NULL) {
        error_set(err, ERROR_INPUT, "it has no root element");
        return NULL;
    }
    return check_root(root, err) == 0 ? steal(&document) : NULL;
}

/* The first element of this name from node on. */
static const xmlNode *find_from(const xmlNode *node, const char *name)
{
    while (node != NULL && (node->type != XML_ELEMENT_NODE ||
                               (name != NULL && !streq((const char *)node->name, name))))
        node = node->next;
    return node;
}

const xmlNode *appliance_ovf_xml_child(const xmlNode *parent, const char *name)
{
    return parent != NULL ? find_from(parent->children, name) : NULL;
}

const xmlNode *appliance_ovf_xml_next(const xmlNode *node, const char *name)
{
    return node != NULL ? find_from(node->next, name) : NULL;
}

/* A copy without blanks around it; NULL for NULL and for nothing but blanks. Frees text. */
static char *trimmed(xmlChar *take_text)
{
    static const char blanks[] = " \t\r\n";
    if (take_text == NULL)
        return NULL;
    const char *begin = (const char *)take_text + strspn((const char *)take_text, blanks);
    size_t length = strlen(begin);
    while (length > 0 && strchr(blanks, begin[length - 1]) != NULL)
        length--;
    char *copy = length > 0 ? xstrndup(begin, length) : NULL;
    xmlFree(take_text);
    return copy;
}

char *appliance_ovf_xml_text(const xmlNode *parent, const char *name)
{
    const xmlNode *node = appliance_ovf_xml_child(parent, name);
    return node != NULL ? trimmed(xmlNodeGetContent(node)) : NULL;
}

char *appliance_ovf_xml_attribute(const xmlNode *node, const char *name)
{
    return node != NULL ? trimmed(xmlGetProp(node, (const xmlChar *)name)) : NULL;
}
