#include "domain/identity.h"

#include <ctype.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utstring.h>

#include "base/text.h"
#include "base/unused.h"
#include "domain/complaints.h"

enum { SHOWN_MAX = 128 }; /* bytes of the document's text in a message */

/* One pass over a domain, which reads what hooks must not change. */
struct scan {
    xmlParserCtxt *parser;
    struct error *error; /* the first fault */
    size_t depth; /* of the current element */
    size_t namespaces;
    char **capture; /* where to put the text at the element's end; NULL outside of name and uuid */
    UT_string text;
    struct domain_identity identity;
};

void domain_identity_clear(struct domain_identity *identity)
{
    free(identity->name);
    free(identity->uuid);
    *identity = (struct domain_identity){0};
}

/* Sets the error for a fault at an offset of the text. */
static int fault_at(const char *xml, size_t offset, struct error **err, const char *what)
{
    size_t line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (xml[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    return error_set(err, ERROR_INPUT, "domain XML, line %zu, column %zu: %s", line,
        offset - line_start + 1, what);
}

/* Sets the error for a fault at the current position, and stops the pass. The first fault
 * counts. */
static void scan_fail(struct scan *scan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void scan_fail(struct scan *scan, const char *format, ...)
{
    if (scan->error == NULL) {
        va_list args;
        va_start(args, format);
        auto_free char *what = xvasprintf(format, args);
        va_end(args);
        error_set(&scan->error, ERROR_INPUT, "domain XML, line %d, column %d: %s",
            xmlSAX2GetLineNumber(scan->parser), xmlSAX2GetColumnNumber(scan->parser), what);
    }
    xmlStopParser(scan->parser);
}

static char *shown(const xmlChar *text)
{
    return text_printable(text, strlen((const char *)text), SHOWN_MAX);
}

static void on_start_document(void *context)
{
    struct scan *scan = context;
    const xmlChar *version = scan->parser->version;
    const xmlChar *encoding = scan->parser->input->encoding != NULL ? scan->parser->input->encoding
                                                                    : scan->parser->encoding;
    if (version != NULL && !streq((const char *)version, "1.0")) {
        auto_free char *name = shown(version);
        scan_fail(scan, "it declares XML version %s; only 1.0 is supported", name);
    } else if (encoding != NULL && strcasecmp((const char *)encoding, "UTF-8") != 0) {
        auto_free char *name = shown(encoding);
        scan_fail(scan, "it declares the encoding %s; it must be UTF-8", name);
    }
}

static void on_document_type(void *context, UNUSED const xmlChar *name,
    UNUSED const xmlChar *external_id, UNUSED const xmlChar *system_id)
{
    scan_fail(context, "it has a document type (<!DOCTYPE), which is not allowed");
}

/* Whether there are too many names, which stops the pass. */
static bool names_overflow(struct scan *scan)
{
    if (xmlDictSize(scan->parser->dict) <= DOMAIN_MAX_NAMES)
        return false;
    scan_fail(scan, "it has more than %d different names", DOMAIN_MAX_NAMES);
    return true;
}

static void start_root(struct scan *scan, const xmlChar *name, const xmlChar *uri)
{
    auto_free char *shown_name = shown(name);
    if (!streq((const char *)name, "domain"))
        scan_fail(scan, "the root element is <%s>; it must be <domain>", shown_name);
    else if (uri != NULL)
        scan_fail(scan, "the root element <domain> is in an XML namespace, where libvirt does "
                        "not look for it");
}

static void start_identity(struct scan *scan, const char *name, char **capture)
{
    if (*capture != NULL) {
        scan_fail(scan, "there is more than one <%s> in <domain>", name);
        return;
    }
    scan->capture = capture;
    utstring_clear(&scan->text);
}

static void on_start_element(void *context, const xmlChar *name, UNUSED const xmlChar *prefix,
    const xmlChar *uri, int namespaces, UNUSED const xmlChar **namespace_pairs,
    UNUSED int attributes, UNUSED int defaulted, UNUSED const xmlChar **attribute_values)
{
    struct scan *scan = context;
    scan->depth++;
    scan->namespaces += (size_t)namespaces;
    if (names_overflow(scan))
        return;
    if (scan->depth > DOMAIN_MAX_DEPTH) {
        scan_fail(scan, "its elements are nested more than %d deep", DOMAIN_MAX_DEPTH);
    } else if (scan->namespaces > DOMAIN_MAX_NAMESPACES) {
        scan_fail(scan, "more than %d XML namespaces are declared", DOMAIN_MAX_NAMESPACES);
    } else if (scan->capture != NULL) {
        auto_free char *inner = shown(name);
        scan_fail(
            scan, "there is an element <%s> in <name> or <uuid>, where only text may be", inner);
    } else if (scan->depth == 1) {
        start_root(scan, name, uri);
    } else if (scan->depth == 2 && uri == NULL) {
        if (streq((const char *)name, "name"))
            start_identity(scan, "name", &scan->identity.name);
        else if (streq((const char *)name, "uuid"))
            start_identity(scan, "uuid", &scan->identity.uuid);
    }
}

static void on_end_element(void *context, UNUSED const xmlChar *name, UNUSED const xmlChar *prefix,
    UNUSED const xmlChar *uri)
{
    struct scan *scan = context;
    scan->depth--;
    if (scan->capture == NULL)
        return;
    *scan->capture = xstrndup(utstring_body(&scan->text), utstring_len(&scan->text));
    scan->capture = NULL;
}

static void on_text(void *context, const xmlChar *text, int length)
{
    struct scan *scan = context;
    if (scan->capture != NULL)
        utstring_bincpy(&scan->text, text, (size_t)length);
}

static void on_instruction(void *context, UNUSED const xmlChar *target, UNUSED const xmlChar *data)
{
    names_overflow(context);
}

/* A push parser, because it stops at the first fault; the others continue and would let the rest of
 * a broken document past the limits above. */
static xmlParserCtxt *new_parser(struct scan *scan)
{
    static const xmlSAXHandler handler = {
        .initialized = XML_SAX2_MAGIC,
        .startDocument = on_start_document,
        .internalSubset = on_document_type,
        .startElementNs = on_start_element,
        .endElementNs = on_end_element,
        .characters = on_text,
        .processingInstruction = on_instruction,
    };
    xmlSAXHandler copy = handler;
    xmlParserCtxt *parser = xmlCreatePushParserCtxt(&copy, scan, NULL, 0, NULL);
    if (parser == NULL)
        abort(); /* out of memory */
    /* HUGE lifts libxml2's own limits, some of which are below 16 MiB; ours still apply. */
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_HUGE);
    return parser;
}

/* Whether some tag may have more than DOMAIN_MAX_ATTRIBUTES. A tag has at most as many as there are
 * ="…" between one < and the next, wherever those occur. */
static bool find_crowded_tag(const char *xml, size_t length, size_t *offset)
{
    size_t attributes = 0;
    bool after_equals = false;
    for (size_t i = 0; i < length; i++) {
        char byte = xml[i];
        if (byte == '<') {
            attributes = 0;
            *offset = i;
        } else if (byte == '=') {
            after_equals = true;
            continue;
        } else if (after_equals && isspace((unsigned char)byte)) {
            continue;
        } else if (after_equals && (byte == '"' || byte == '\'') &&
                   ++attributes > DOMAIN_MAX_ATTRIBUTES) {
            return true;
        }
        after_equals = false;
    }
    return false;
}

/* The checks that need no parser. */
static int check_bytes(const char *xml, size_t length, struct error **err)
{
    size_t blanks = 0;
    while (blanks < length && isspace((unsigned char)xml[blanks]))
        blanks++;
    if (blanks == length)
        return error_set(err, ERROR_INPUT, "domain XML: it is empty");
    if (length > DOMAIN_MAX_BYTES)
        return error_set(err, ERROR_INPUT, "domain XML: it has %zu bytes; at most %d are allowed",
            length, DOMAIN_MAX_BYTES);
    size_t offset = 0;
    if (!text_is_utf8(xml, length, &offset))
        return fault_at(xml, offset, err, "this is not valid UTF-8");
    const char *zero = memchr(xml, '\0', length);
    if (zero != NULL)
        return fault_at(xml, (size_t)(zero - xml), err, "there is a zero byte");
    if (find_crowded_tag(xml, length, &offset))
        return fault_at(xml, offset, err, "an element has more than 1024 attributes");
    return 0;
}

static int scan_result(
    struct scan *scan, const struct domain_complaints *complaints, struct error **err)
{
    if (scan->error != NULL)
        return error_move(err, steal(&scan->error));
    if (complaints->count > 0)
        return error_set(err, ERROR_INPUT, "domain XML, %s", complaints->kept[0]);
    if (scan->identity.name == NULL)
        return error_set(err, ERROR_INPUT, "domain XML: there is no <name> in <domain>");
    if (scan->identity.name[0] == '\0')
        return error_set(err, ERROR_INPUT, "domain XML: <name> is empty");
    if (scan->identity.uuid != NULL && scan->identity.uuid[0] == '\0')
        xstrset(&scan->identity.uuid, NULL); /* an empty <uuid> counts as none, as in libvirt */
    return 0;
}

int domain_identify(const char *xml, size_t length, struct domain_identity *out, struct error **err)
{
    if (check_bytes(xml, length, err) < 0)
        return -1;
    struct domain_complaints complaints;
    struct scan scan = {0};
    utstring_init(&scan.text);
    domain_complaints_begin(&complaints);
    scan.parser = new_parser(&scan);
    xmlParseChunk(scan.parser, xml, (int)length, 1);
    xmlFreeParserCtxt(scan.parser);
    domain_complaints_end(&complaints);
    utstring_done(&scan.text);

    int result = scan_result(&scan, &complaints, err);
    domain_complaints_clear(&complaints);
    error_free(scan.error);
    if (result < 0 || out == NULL)
        domain_identity_clear(&scan.identity);
    if (out != NULL)
        *out = scan.identity;
    return result;
}

/* Whether two texts are the same UUID to libvirt, which ignores hyphens and case. */
static bool same_uuid(const char *a, const char *b)
{
    for (;;) {
        while (*a == '-' || isspace((unsigned char)*a))
            a++;
        while (*b == '-' || isspace((unsigned char)*b))
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

static int changed(const char *element, const char *before, const char *after, struct error **err)
{
    auto_free char *was = text_printable(before, strlen(before), SHOWN_MAX);
    if (after == NULL)
        return error_set(
            err, ERROR_INPUT, "domain XML: <%s> was \"%s\" and was removed", element, was);
    auto_free char *is = text_printable(after, strlen(after), SHOWN_MAX);
    return error_set(err, ERROR_INPUT,
        "domain XML: <%s> was \"%s\" and became \"%s\"; a hook must not change the domain's "
        "identity",
        element, was, is);
}

int domain_check(
    const char *xml, size_t length, const struct domain_identity *before, struct error **err)
{
    struct domain_identity after = {0};
    if (domain_identify(xml, length, &after, err) < 0)
        return -1;
    int result = 0;
    if (!streq(before->name, after.name))
        result = changed("name", before->name, after.name, err);
    else if (before->uuid != NULL && (after.uuid == NULL || !same_uuid(before->uuid, after.uuid)))
        result = changed("uuid", before->uuid, after.uuid, err);
    domain_identity_clear(&after);
    return result;
}
