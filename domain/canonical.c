#include "domain/canonical.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "domain/identity.h"
#include "domain/print.h"

/* A name with its namespace, which stands for itself by its place in the document's dictionary:
 * a long one, written out for each element, would take memory without limit. */
static void write_name(FILE *out, xmlDict *dictionary, const xmlNs *namespace, const xmlChar *name)
{
    const xmlChar *uri = NULL;
    if (namespace != NULL && namespace->href != NULL)
        uri = xmlDictLookup(dictionary, namespace->href, -1);
    fprintf(out, "{%p}%s", (const void *)uri, (const char *)name);
}

/* Compares by local name, then by namespace: no element has two with both equal. */
static int compare_attributes(const void *left, const void *right)
{
    const xmlAttr *a = *(const xmlAttr *const *)left;
    const xmlAttr *b = *(const xmlAttr *const *)right;
    int order = xmlStrcmp(a->name, b->name);
    if (order != 0)
        return order;
    return xmlStrcmp(a->ns != NULL ? a->ns->href : NULL, b->ns != NULL ? b->ns->href : NULL);
}

static void write_attributes(FILE *out, xmlDict *dictionary, const xmlNode *element)
{
    const xmlAttr *attributes[DOMAIN_MAX_ATTRIBUTES];
    size_t count = 0;
    for (const xmlAttr *at = element->properties; at != NULL && count < ARRAY_SIZE(attributes);
         at = at->next)
        attributes[count++] = at;
    if (count == 0)
        return;
    qsort(attributes, count, sizeof(attributes[0]), compare_attributes);
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
        write_name(out, dictionary, attributes[i]->ns, attributes[i]->name);
        fputs("=\"", out);
        for (const xmlNode *text = attributes[i]->children; text != NULL; text = text->next) {
            if (text->content != NULL)
                domain_print_text(out, text->content);
        }
        fputc('"', out);
    }
}

/* The recursion is limited: the document is at most DOMAIN_MAX_DEPTH deep. */
static void write_element(FILE *out, xmlDict *dictionary, const xmlNode *element)
{
    fputc('<', out);
    write_name(out, dictionary, element->ns, element->name);
    write_attributes(out, dictionary, element);
    fputc('>', out);
    for (const xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            write_element(out, dictionary, child);
        else if (child->type == XML_TEXT_NODE)
            domain_print_text(out, child->content);
    }
    fputs("</>", out);
}

char *domain_canonical(const xmlNode *element)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        abort(); /* out of memory */
    write_element(out, element->doc->dict, element);
    fclose(out);
    return text;
}
