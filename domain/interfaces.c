#include "domain/interfaces.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/complaints.h"
#include "domain/identity.h"

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
           streq((const char *)node->name, name);
}

/* The first child of this name, or NULL. */
static xmlNode *child_of(const xmlNode *element, const char *name)
{
    xmlNode *child = element != NULL ? element->children : NULL;
    while (child != NULL && !is_element(child, name))
        child = child->next;
    return child;
}

/* An attribute, owned by the caller; NULL if there is no such element or attribute. */
static char *attribute_of(const xmlNode *element, const char *name)
{
    xmlChar *value = element != NULL ? xmlGetNoNsProp(element, (const xmlChar *)name) : NULL;
    char *copy = value != NULL ? xstrdup((const char *)value) : NULL;
    xmlFree(value);
    return copy;
}

/* A number of a PCI address, "0x01"; libvirt's default is 0. */
static unsigned long number_of(const xmlNode *address, const char *name)
{
    auto_free char *text = attribute_of(address, name);
    return text != NULL ? strtoul(text, NULL, 0) : 0;
}

/* The PCI address of an interface, or NULL. Owned by the caller. */
static char *pci_of(const xmlNode *interface)
{
    const xmlNode *address = child_of(interface, "address");
    auto_free char *type = attribute_of(address, "type");
    auto_free char *bus = attribute_of(address, "bus");
    if (type == NULL || !streq(type, "pci") || bus == NULL)
        return NULL;
    return xasprintf("%04lx:%02lx:%02lx.%lx", number_of(address, "domain"),
        number_of(address, "bus"), number_of(address, "slot"), number_of(address, "function"));
}

static void list(const xmlNode *devices, struct domain_interfaces *out)
{
    size_t count = 0;
    for (const xmlNode *node = devices->children; node != NULL; node = node->next)
        count += is_element(node, "interface");
    out->items = xcalloc(count + 1, sizeof(*out->items));
    for (const xmlNode *node = devices->children; node != NULL; node = node->next) {
        if (!is_element(node, "interface"))
            continue;
        out->items[out->count++] = (struct domain_interface){
            .alias = attribute_of(child_of(node, "alias"), "name"),
            .mac = attribute_of(child_of(node, "mac"), "address"),
            .pci = pci_of(node),
        };
    }
}

int domain_interfaces_list(
    const char *xml, size_t length, struct domain_interfaces *out, struct error **err)
{
    *out = (struct domain_interfaces){0};
    if (domain_identify(xml, length, NULL, err) < 0)
        return -1;
    if (length > DOMAIN_TREE_MAX_BYTES)
        return error_set(err, ERROR_INPUT,
            "domain XML: it has %zu bytes; its interfaces are read from at most %d", length,
            DOMAIN_TREE_MAX_BYTES);
    struct domain_complaints complaints;
    domain_complaints_begin(&complaints);
    xmlDoc *document =
        xmlReadMemory(xml, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    domain_complaints_end(&complaints);
    domain_complaints_clear(&complaints);
    if (document == NULL)
        return error_set(err, ERROR_INPUT, "domain XML: its interfaces cannot be read");
    const xmlNode *devices = child_of(xmlDocGetRootElement(document), "devices");
    if (devices != NULL)
        list(devices, out);
    xmlFreeDoc(document);
    return 0;
}

void domain_interfaces_clear(struct domain_interfaces *interfaces)
{
    for (size_t i = 0; i < interfaces->count; i++) {
        free(interfaces->items[i].alias);
        free(interfaces->items[i].mac);
        free(interfaces->items[i].pci);
    }
    free(interfaces->items);
    *interfaces = (struct domain_interfaces){0};
}
