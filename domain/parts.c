#include "domain/parts.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"
#include "domain/complaints.h"

#define QEMU "http://libvirt.org/schemas/domain/qemu/1.0"

static const struct domain_parts_row rows[DOMAIN_PARTS_ROWS] = {
    {"metadata", NULL, DOMAIN_PARTS_NAMESPACES},
    {"memoryBacking", NULL, DOMAIN_PARTS_NAMES},
    {"features", NULL, DOMAIN_PARTS_NAMES},
    {"devices", NULL, DOMAIN_PARTS_ALL},
    {"commandline", QEMU, DOMAIN_PARTS_ALL},
};

const struct domain_parts_row *domain_parts_find(const char *name, const char *uri)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (streq(name, rows[i].name) && streq(text_or(uri, ""), text_or(rows[i].uri, "")))
            return &rows[i];
    }
    return NULL;
}

char *domain_parts_name(const struct domain_parts_row *row, const char *name, const char *uri)
{
    if (row->rule == DOMAIN_PARTS_ALL)
        return NULL;
    const char *key = row->rule == DOMAIN_PARTS_NAMES ? name : text_or(uri, "");
    return xasprintf("%s %s", row->name, key);
}

struct part {
    char *name; /* the key */
    UT_hash_handle hh;
};

/* One pass over a document. */
struct scan {
    size_t depth;
    const struct domain_parts_row *row; /* of the current element of <domain>, or NULL */
    size_t counts[ARRAY_SIZE(rows)];
    struct part *parts;
    bool repeated;
    domain_parts_seen *seen;
    void *user;
};

static void see_part(struct scan *scan, const char *name, const char *uri)
{
    auto_free char *key = domain_parts_name(scan->row, name, uri);
    if (key == NULL)
        return;
    struct part *part = NULL;
    HASH_FIND_STR(scan->parts, key, part);
    if (part != NULL) {
        scan->repeated = true;
        return;
    }
    part = xmalloc(sizeof(*part));
    *part = (struct part){.name = steal(&key)};
    HASH_ADD_KEYPTR(hh, scan->parts, part->name, strlen(part->name), part);
    if (scan->seen != NULL)
        scan->seen(scan->user, part->name);
}

static void on_start_element(void *context, const xmlChar *name, UNUSED const xmlChar *prefix,
    const xmlChar *uri, UNUSED int namespaces, UNUSED const xmlChar **namespace_pairs,
    UNUSED int attributes, UNUSED int defaulted, UNUSED const xmlChar **attribute_values)
{
    struct scan *scan = context;
    scan->depth++;
    if (scan->depth == 2) {
        scan->row = domain_parts_find((const char *)name, (const char *)uri);
        if (scan->row != NULL && ++scan->counts[scan->row - rows] > 1)
            scan->repeated = true;
    } else if (scan->depth == 3 && scan->row != NULL) {
        see_part(scan, (const char *)name, (const char *)uri);
    }
}

static void on_end_element(void *context, UNUSED const xmlChar *name, UNUSED const xmlChar *prefix,
    UNUSED const xmlChar *uri)
{
    struct scan *scan = context;
    scan->depth--;
}

bool domain_parts_read(const char *xml, size_t length, domain_parts_seen *seen, void *user)
{
    xmlSAXHandler handler = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start_element,
        .endElementNs = on_end_element,
    };
    struct scan scan = {.seen = seen, .user = user};
    struct domain_complaints complaints;
    domain_complaints_begin(&complaints);
    xmlParserCtxt *parser = xmlCreatePushParserCtxt(&handler, &scan, NULL, 0, NULL);
    if (parser == NULL)
        abort(); /* out of memory */
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_HUGE);
    xmlParseChunk(parser, xml, (int)length, 1);
    xmlFreeParserCtxt(parser);
    domain_complaints_end(&complaints);
    domain_complaints_clear(&complaints);
    struct part *part = NULL;
    struct part *next = NULL;
    HASH_ITER (hh, scan.parts, part, next) {
        HASH_DEL(scan.parts, part);
        free(part->name);
        free(part);
    }
    return scan.repeated;
}
