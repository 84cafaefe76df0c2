#include "manager/document.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "domain/merge.h"
#include "domain/surplus.h"
#include "manager/cloud_init.h"

enum { LONGEST_SHOWN = 40 };

void manager_document_init(struct manager_document *document, const struct hooks_point_row *point,
    const struct domain_schema *schema, struct bytes data)
{
    *document = (struct manager_document){
        .point = point,
        .schema = schema,
        .data = xmemdup(data.data, data.length),
        .length = data.length,
    };
}

void manager_document_clear(struct manager_document *document)
{
    domain_identity_clear(&document->identity);
    manager_origins_clear(&document->origins);
    free(document->data);
    free(document->older);
}

bool manager_document_is_absent(const struct hooks_point_row *point, struct bytes data)
{
    return point->document == HOOKS_CLOUD_INIT && manager_cloud_init_is_absent(data);
}

static struct bytes bytes_in(const struct manager_document *document)
{
    return (struct bytes){document->data, document->length};
}

static int check_schema(
    const struct manager_document *document, struct bytes xml, struct error **err)
{
    return document->schema != NULL
               ? domain_schema_check(document->schema, xml.data, xml.length, err)
               : 0;
}

/* Notes the parts that the domain has before any hook. Returns 0, or -1 with an input error if they
 * are too large to be merged. */
static int note_first(struct manager_document *document, struct error **err)
{
    const struct manager_origins none = {0};
    document->repeated = manager_origins_read(&none, bytes_in(document), NULL, &document->origins);
    if (!document->repeated)
        return 0;
    struct domain_clash clash = {0};
    size_t length = 0;
    auto_free char *merged = domain_merge(document->data, document->length, &length, &clash, err);
    document->clashes = clash.text != NULL;
    domain_clash_clear(&clash);
    return merged != NULL || document->clashes ? 0 : -1;
}

/* Checks the domain before any hook, and notes what it is. */
static int check_first(struct manager_document *document, struct error **err)
{
    struct bytes xml = bytes_in(document);
    if (domain_identify(xml.data, xml.length, &document->identity, err) < 0 ||
        check_schema(document, xml, err) < 0)
        return -1;
    return note_first(document, err);
}

/* Checks that the parts of a domain that a sidecar returned go together. */
static int check_parts(
    const struct manager_document *document, struct bytes xml, struct error **err)
{
    struct domain_clash clash = {0};
    size_t length = 0;
    char *merged = domain_merge(xml.data, xml.length, &length, &clash, err);
    int result = merged != NULL ? 0 : -1;
    free(merged);
    if (clash.text != NULL) {
        auto_free char *other = manager_origins_describe(&document->origins, clash.part);
        error_set(
            err, ERROR_INPUT, "domain XML: %s, of which libvirt takes one; %s", clash.text, other);
    }
    domain_clash_clear(&clash);
    return result;
}

/* What a domain that a sidecar returned has, until it is accepted. */
struct returned {
    struct domain_identity identity; /* if the document had no uuid yet */
    struct manager_origins origins; /* unless nothing is merged */
    bool repeated;
};

/* Checks a domain that a sidecar returned: it must be the same domain, its parts must go together
 * (which the schema's messages would say without the names of sidecars), and it must be valid. */
static int check_returned(const struct manager_document *document,
    const struct manager_sidecar *sidecar, struct bytes xml, struct returned *returned,
    struct error **err)
{
    const struct domain_identity *identity = &document->identity;
    if (domain_check(xml.data, xml.length, identity, err) < 0)
        return -1;
    /* A hook may set a missing uuid; after that it must not change. */
    if (identity->uuid == NULL &&
        domain_identify(xml.data, xml.length, &returned->identity, err) < 0)
        return -1;
    if (!document->clashes)
        returned->repeated =
            manager_origins_read(&document->origins, xml, sidecar, &returned->origins);
    if (returned->repeated && check_parts(document, xml, err) < 0)
        return -1;
    return check_schema(document, xml, err);
}

/* Accepts a domain that a sidecar returned, and notes what it has; -1 leaves the document as it
 * was. */
static int accept_returned(struct manager_document *document, const struct manager_sidecar *sidecar,
    struct bytes xml, struct error **err)
{
    if (xml.length == document->length && memcmp(xml.data, document->data, xml.length) == 0)
        return 0;
    struct returned returned = {0};
    if (check_returned(document, sidecar, xml, &returned, err) < 0) {
        domain_identity_clear(&returned.identity);
        manager_origins_clear(&returned.origins);
        return -1;
    }
    if (document->identity.uuid == NULL) {
        domain_identity_clear(&document->identity);
        document->identity = returned.identity;
    }
    if (!document->clashes) {
        manager_origins_clear(&document->origins);
        document->origins = returned.origins;
        document->repeated = returned.repeated;
    }
    return 0;
}

int manager_document_check(struct manager_document *document, struct error **err)
{
    if (document->point->document == HOOKS_DOMAIN) {
        if (check_first(document, err) < 0)
            return error_wrap(err, "the domain, before any hook");
    } else if (manager_cloud_init_check(bytes_in(document), err) < 0) {
        return error_wrap(err, "the cloud-init data, before any hook");
    }
    return 0;
}

size_t manager_document_fields(struct manager_document *document,
    struct hooks_field fields[MANAGER_DOCUMENT_MAX_FIELDS], struct error **err)
{
    const struct hooks_point_row *point = document->point;
    size_t count = 0;
    fields[count++] = (struct hooks_field){point->field, bytes_in(document)};
    if (point->older_field != NULL) {
        free(document->older);
        document->older = manager_cloud_init_legacy(bytes_in(document), err);
        if (document->older == NULL)
            return 0;
        fields[count++] = (struct hooks_field){point->older_field, bytes_of(document->older)};
    }
    return count;
}

static char *cloud_init_result(const struct manager_document *document,
    const ProtobufCMessage *response, struct bytes returned, size_t *length, char **warning,
    struct error **err)
{
    struct manager_cloud_init_result result = {0};
    struct bytes older = {0};
    char *data = NULL;
    if (document->point->older_field != NULL)
        older = hooks_message_field(response, document->point->older_field);
    if (manager_cloud_init_result(bytes_in(document), returned, older, &result, err) == 0) {
        data = steal(&result.data);
        *length = result.length;
        *warning = steal(&result.warning);
    }
    manager_cloud_init_result_clear(&result);
    return data;
}

/* The first byte of a text that is no space, and what follows. */
static struct bytes skip_space(struct bytes text)
{
    while (text.length > 0 && isspace((unsigned char)text.data[0])) {
        text.data++;
        text.length--;
    }
    return text;
}

/* Whether a text that is no document begins with something else, in ASCII: mostly with what a hook
 * has logged. JSON may be of another kind than an object, of which the error tells. */
static bool begins_otherwise(enum hooks_document kind, struct bytes text)
{
    if (text.length == 0 || text.data[0] < ' ' || text.data[0] > '~')
        return false;
    if (kind == HOOKS_DOMAIN)
        return text.data[0] != '<';
    auto_json json_t *value =
        json_parse(text.data, text.length, MANAGER_CLOUD_INIT_MAX_DEPTH, NULL);
    return value == NULL && strchr("{[\"", text.data[0]) == NULL;
}

/* Says what a returned text that is no document begins with, in place of a parser's error. */
static void explain_beginning(enum hooks_document kind, struct bytes returned, struct error **err)
{
    struct bytes text = skip_space(returned);
    if (!begins_otherwise(kind, text))
        return;
    const char *end = memchr(text.data, '\n', text.length);
    size_t length = end != NULL ? (size_t)(end - text.data) : text.length;
    auto_free char *shown = text_printable(text.data, length, LONGEST_SHOWN);
    if (err != NULL)
        error_free(steal(err));
    error_set(err, ERROR_REMOTE,
        "it begins with \"%s\": the hook must print only the document; logs belong on standard "
        "error",
        shown);
}

char *manager_document_result(struct manager_document *document,
    const struct manager_sidecar *sidecar, const ProtobufCMessage *response, struct bytes *returned,
    size_t *length, char **warning, struct error **err)
{
    char *result = NULL;
    *returned = hooks_message_field(response, document->point->field);
    if (document->point->document != HOOKS_DOMAIN) {
        result = cloud_init_result(document, response, *returned, length, warning, err);
    } else if (accept_returned(document, sidecar, *returned, err) == 0) {
        result = xmemdup(returned->data, returned->length);
        *length = returned->length;
    }
    if (result == NULL) {
        explain_beginning(document->point->document, *returned, err);
        error_wrap(err, "the result is refused");
        if (err != NULL && *err != NULL)
            (*err)->class = ERROR_REMOTE;
    }
    return result;
}

void manager_document_replace(struct manager_document *document, char *take_data, size_t length)
{
    free(document->data);
    document->data = take_data;
    document->length = length;
}

int manager_document_finish(struct manager_document *document, struct error **err)
{
    size_t length = 0;
    if (document->repeated && !document->clashes) {
        struct domain_clash clash = {0};
        char *merged = domain_merge(document->data, document->length, &length, &clash, err);
        domain_clash_clear(&clash);
        if (merged == NULL)
            return -1;
        manager_document_replace(document, merged, length);
    }
    if (document->point->document != HOOKS_DOMAIN || document->schema == NULL)
        return 0;
    char *valid = domain_surplus_put_right(document->data, document->length, &length, err);
    if (valid == NULL)
        return -1;
    manager_document_replace(document, valid, length);
    return 0;
}
