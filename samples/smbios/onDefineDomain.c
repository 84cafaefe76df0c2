/* onDefineDomain --vmi JSON --domain XML
 *
 * A hook that sets the manufacturer of a VM's base board, which the guest reads from SMBIOS, from
 * an annotation of the VM. It prints the domain, unchanged if the annotation is missing. Exit
 * status: 0, or 1 for bad input, 2 for wrong usage. */
#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANNOTATION "smbios.vm.kubevirt.io/baseBoardManufacturer"

enum { BAD_INPUT = 1, WRONG_CALL = 2 };

/* Exits with a message, which appears in the sidecar's log. */
static void fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static void fail(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("smbios hook: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(status);
}

/* The annotation's value, or NULL if the VM has none. Borrowed from vmi. */
static const char *find_manufacturer(const json_t *vmi)
{
    const json_t *metadata = json_object_get(vmi, "metadata");
    const json_t *value = json_object_get(json_object_get(metadata, "annotations"), ANNOTATION);
    if (value == NULL)
        return NULL;
    if (!json_is_string(value))
        fail(BAD_INPUT, "the annotation " ANNOTATION " is not a string");
    const char *text = json_string_value(value);
    for (const char *byte = text; *byte != '\0'; byte++) {
        if ((unsigned char)*byte < 0x20)
            fail(BAD_INPUT, "the annotation " ANNOTATION " contains control characters");
    }
    return text;
}

/* Whether node is the element name and, if attribute is not NULL, whether that has the value. */
static bool is_element(
    const xmlNode *node, const char *name, const char *attribute, const char *value)
{
    if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
        return false;
    if (attribute == NULL)
        return true;
    xmlChar *found = xmlGetNoNsProp(node, BAD_CAST attribute);
    bool same = found != NULL && strcmp((const char *)found, value) == 0;
    xmlFree(found);
    return same;
}

/* Returns the first such child of parent, created if there is none. */
static xmlNode *ensure_child(
    xmlNode *parent, const char *name, const char *attribute, const char *value)
{
    for (xmlNode *child = parent->children; child != NULL; child = child->next) {
        if (is_element(child, name, attribute, value))
            return child;
    }
    xmlNode *child = xmlNewChild(parent, NULL, BAD_CAST name, NULL);
    if (attribute != NULL)
        xmlSetProp(child, BAD_CAST attribute, BAD_CAST value);
    return child;
}

static void set_text(xmlNode *element, const char *text)
{
    xmlNodeSetContent(element, NULL);
    xmlNodeAddContent(element, BAD_CAST text);
}

/* libvirt shows sysinfo to the guest only if os asks for it. A domain has one smbios element and at
 * most one sysinfo of type smbios; a second baseBoard would be another board. */
static void set_manufacturer(xmlNode *domain, const char *manufacturer)
{
    xmlNode *os = ensure_child(domain, "os", NULL, NULL);
    xmlNode *smbios = ensure_child(os, "smbios", NULL, NULL);
    xmlSetProp(smbios, BAD_CAST "mode", BAD_CAST "sysinfo");
    xmlNode *sysinfo = ensure_child(domain, "sysinfo", "type", "smbios");
    xmlNode *board = ensure_child(sysinfo, "baseBoard", NULL, NULL);
    set_text(ensure_child(board, "entry", "name", "manufacturer"), manufacturer);
}

/* Prints the document as KubeVirt writes it: without declaration and self-closing elements. */
static void print_document(xmlDoc *document)
{
    xmlSaveCtxt *output = xmlSaveToFd(STDOUT_FILENO, "UTF-8", XML_SAVE_NO_DECL | XML_SAVE_NO_EMPTY);
    if (output == NULL || xmlSaveDoc(output, document) < 0 || xmlSaveClose(output) < 0)
        fail(BAD_INPUT, "cannot write the domain");
}

int main(int argc, char **argv)
{
    if (argc != 5 || strcmp(argv[1], "--vmi") != 0 || strcmp(argv[3], "--domain") != 0)
        fail(WRONG_CALL, "usage: onDefineDomain --vmi JSON --domain XML");
    json_error_t reason;
    json_t *vmi = json_loads(argv[2], 0, &reason);
    if (vmi == NULL)
        fail(BAD_INPUT, "the VMI is not a JSON object: %s", reason.text);
    const char *manufacturer = find_manufacturer(vmi);

    xmlDoc *document = xmlReadMemory(
        argv[4], (int)strlen(argv[4]), "domain", NULL, XML_PARSE_NONET | XML_PARSE_NOWARNING);
    xmlNode *domain = document != NULL ? xmlDocGetRootElement(document) : NULL;
    if (domain == NULL || !is_element(domain, "domain", NULL, NULL))
        fail(BAD_INPUT, "the domain is not an XML document with the root element domain");
    if (manufacturer != NULL) {
        set_manufacturer(domain, manufacturer);
        print_document(document);
    } else {
        fputs(argv[4], stdout);
    }
    xmlFreeDoc(document);
    json_decref(vmi);
    return fflush(stdout) == 0 ? 0 : BAD_INPUT;
}
