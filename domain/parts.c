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

static const char *const single_devices[] = {
    "emulator", "memballoon", "nvram", "pstore", "vsock", NULL};

/* Absent are those that may be there several times: seclabel, and sysinfo of the type fwcfg. name
 * and uuid are the concern of domain/identity.h. */
static const struct domain_parts_row rows[] = {
    {.name = "metadata", .rule = DOMAIN_PARTS_NAMESPACES},
    {.name = "memoryBacking", .rule = DOMAIN_PARTS_NAMES},
    {.name = "features", .rule = DOMAIN_PARTS_NAMES},
    {.name = "devices", .rule = DOMAIN_PARTS_ALL, .once = single_devices},
    {.name = "commandline", .uri = QEMU, .rule = DOMAIN_PARTS_ALL},
    {.name = "sysinfo", .type = "smbios", .rule = DOMAIN_PARTS_ONCE},
    {.name = "title", .rule = DOMAIN_PARTS_ONCE},
    {.name = "description", .rule = DOMAIN_PARTS_ONCE},
    {.name = "genid", .rule = DOMAIN_PARTS_ONCE},
    {.name = "memory", .rule = DOMAIN_PARTS_ONCE},
    {.name = "currentMemory", .rule = DOMAIN_PARTS_ONCE},
    {.name = "maxMemory", .rule = DOMAIN_PARTS_ONCE},
    {.name = "memtune", .rule = DOMAIN_PARTS_ONCE},
    {.name = "numatune", .rule = DOMAIN_PARTS_ONCE},
    {.name = "vcpu", .rule = DOMAIN_PARTS_ONCE},
    {.name = "vcpus", .rule = DOMAIN_PARTS_ONCE},
    {.name = "cputune", .rule = DOMAIN_PARTS_ONCE},
    {.name = "cpu", .rule = DOMAIN_PARTS_ONCE},
    {.name = "iothreads", .rule = DOMAIN_PARTS_ONCE},
    {.name = "iothreadids", .rule = DOMAIN_PARTS_ONCE},
    {.name = "defaultiothread", .rule = DOMAIN_PARTS_ONCE},
    {.name = "blkiotune", .rule = DOMAIN_PARTS_ONCE},
    {.name = "throttlegroups", .rule = DOMAIN_PARTS_ONCE},
    {.name = "resource", .rule = DOMAIN_PARTS_ONCE},
    {.name = "os", .rule = DOMAIN_PARTS_ONCE},
    {.name = "idmap", .rule = DOMAIN_PARTS_ONCE},
    {.name = "clock", .rule = DOMAIN_PARTS_ONCE},
    {.name = "on_poweroff", .rule = DOMAIN_PARTS_ONCE},
    {.name = "on_reboot", .rule = DOMAIN_PARTS_ONCE},
    {.name = "on_crash", .rule = DOMAIN_PARTS_ONCE},
    {.name = "on_lockfailure", .rule = DOMAIN_PARTS_ONCE},
    {.name = "pm", .rule = DOMAIN_PARTS_ONCE},
    {.name = "perf", .rule = DOMAIN_PARTS_ONCE},
    {.name = "keywrap", .rule = DOMAIN_PARTS_ONCE},
    {.name = "launchSecurity", .rule = DOMAIN_PARTS_ONCE},
    {.name = "capabilities", .uri = QEMU, .rule = DOMAIN_PARTS_ONCE},
    {.name = "deprecation", .uri = QEMU, .rule = DOMAIN_PARTS_ONCE},
    {.name = "override", .uri = QEMU, .rule = DOMAIN_PARTS_ONCE},
};
_Static_assert(ARRAY_SIZE(rows) == DOMAIN_PARTS_ROWS, "the header counts the rows");

const struct domain_parts_row *domain_parts_find(
    const char *name, const char *uri, const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct domain_parts_row *row = &rows[i];
        if (streq(name, row->name) && streq(text_or(uri, ""), text_or(row->uri, "")) &&
            (row->type == NULL || streq(text_or(type, ""), row->type)))
            return row;
    }
    return NULL;
}

static bool is_once(const struct domain_parts_row *row, const char *name, const char *uri)
{
    for (size_t i = 0; row->once != NULL && row->once[i] != NULL; i++) {
        if (uri == NULL && streq(name, row->once[i]))
            return true;
    }
    return false;
}

char *domain_parts_name(const struct domain_parts_row *row, const char *name, const char *uri)
{
    const char *prefix = row->uri != NULL ? "qemu:" : "";
    if (row->rule == DOMAIN_PARTS_ONCE && row->type != NULL)
        return xasprintf("%s%s type=\"%s\"", prefix, row->name, row->type);
    if (row->rule == DOMAIN_PARTS_ONCE)
        return xasprintf("%s%s", prefix, row->name);
    if (row->rule == DOMAIN_PARTS_ALL && !is_once(row, name, uri))
        return NULL;
    const char *key = row->rule == DOMAIN_PARTS_NAMESPACES ? text_or(uri, "") : name;
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

/* The value of the attribute "type", owned by the caller; NULL if there is none. */
static char *type_of(const xmlChar **values, int count)
{
    enum { NAME, PREFIX, URI, START, END, FIELDS }; /* of an attribute, as libxml2 gives it */
    for (int i = 0; i < count; i++, values += FIELDS) {
        if (values[URI] == NULL && streq((const char *)values[NAME], "type"))
            return xstrndup((const char *)values[START], (size_t)(values[END] - values[START]));
    }
    return NULL;
}

static void on_start_element(void *context, const xmlChar *name, UNUSED const xmlChar *prefix,
    const xmlChar *uri, UNUSED int namespaces, UNUSED const xmlChar **namespace_pairs,
    int attributes, UNUSED int defaulted, const xmlChar **attribute_values)
{
    struct scan *scan = context;
    scan->depth++;
    if (scan->depth == 2) {
        auto_free char *type = type_of(attribute_values, attributes);
        scan->row = domain_parts_find((const char *)name, (const char *)uri, type);
        if (scan->row != NULL && ++scan->counts[scan->row - rows] > 1)
            scan->repeated = true;
        if (scan->row != NULL && scan->row->rule == DOMAIN_PARTS_ONCE) {
            see_part(scan, NULL, NULL);
            scan->row = NULL; /* its children are not counted */
        }
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
