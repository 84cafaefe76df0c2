#include "domain/print.h"

#include <stdlib.h>

#include "base/memory.h"
#include "domain/tree.h"

void domain_print_text(FILE *out, const xmlChar *text)
{
    static const struct {
        char byte;
        const char *escape;
    } escapes[] = {{'"', "&#34;"}, {'\'', "&#39;"}, {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"},
        {'\t', "&#x9;"}, {'\n', "&#xA;"}, {'\r', "&#xD;"}};
    for (const char *at = (const char *)text; *at != '\0'; at++) {
        size_t i = 0;
        while (i < ARRAY_SIZE(escapes) && escapes[i].byte != *at)
            i++;
        if (i < ARRAY_SIZE(escapes))
            fputs(escapes[i].escape, out);
        else
            fputc(*at, out);
    }
}

static void write_name(FILE *out, const xmlNs *namespace, const xmlChar *name)
{
    if (namespace != NULL && namespace->prefix != NULL)
        fprintf(out, "%s:", (const char *)namespace->prefix);
    fputs((const char *)name, out);
}

static void write_attributes(FILE *out, const xmlNode *element)
{
    for (const xmlAttr *at = element->properties; at != NULL; at = at->next) {
        fputc(' ', out);
        write_name(out, at->ns, at->name);
        fputs("=\"", out);
        for (const xmlNode *text = at->children; text != NULL; text = text->next) {
            if (text->content != NULL)
                domain_print_text(out, text->content);
        }
        fputc('"', out);
    }
    for (const xmlNs *at = element->nsDef; at != NULL; at = at->next) {
        fputs(at->prefix != NULL ? " xmlns:" : " xmlns", out);
        fprintf(out, "%s=\"", at->prefix != NULL ? (const char *)at->prefix : "");
        if (at->href != NULL)
            domain_print_text(out, at->href);
        fputc('"', out);
    }
}

static void write_line_start(FILE *out, size_t depth)
{
    fputc('\n', out);
    for (; depth > 0; depth--)
        fputc('\t', out);
}

static bool has_text(const xmlNode *element)
{
    for (const xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type == XML_TEXT_NODE)
            return true;
    }
    return false;
}

static void write_node(FILE *out, const xmlNode *node, size_t depth);

/* Without text each child has a line of its own; beside text nothing may be added. */
static void write_element(FILE *out, const xmlNode *element, size_t depth)
{
    bool lines = !has_text(element);
    fputc('<', out);
    write_name(out, element->ns, element->name);
    write_attributes(out, element);
    fputc('>', out);
    for (const xmlNode *child = element->children; child != NULL; child = child->next) {
        if (lines)
            write_line_start(out, depth + 1);
        write_node(out, child, depth + 1);
    }
    if (lines && element->children != NULL)
        write_line_start(out, depth);
    fputs("</", out);
    write_name(out, element->ns, element->name);
    fputc('>', out);
}

/* The recursion is limited: the document is at most DOMAIN_MAX_DEPTH deep. */
static void write_node(FILE *out, const xmlNode *node, size_t depth)
{
    switch (node->type) {
    case XML_ELEMENT_NODE:
        write_element(out, node, depth);
        break;
    case XML_TEXT_NODE:
        domain_print_text(out, node->content);
        break;
    case XML_COMMENT_NODE:
        fprintf(out, "<!--%s-->", (const char *)node->content);
        break;
    case XML_PI_NODE:
        fprintf(out, "<?%s %s?>", (const char *)node->name,
            node->content != NULL ? (const char *)node->content : "");
        break;
    default: /* without a document type there is nothing else */
        break;
    }
}

char *domain_print_document(xmlDoc *document, size_t *out_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, out_length);
    if (out == NULL)
        abort(); /* out of memory */
    domain_tree_drop_layout(xmlDocGetRootElement(document));
    for (const xmlNode *node = document->children; node != NULL; node = node->next) {
        write_node(out, node, 0);
        if (node->next != NULL)
            fputc('\n', out);
    }
    fclose(out);
    return text;
}
