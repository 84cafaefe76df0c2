#include "domain/schema.h"

#include <errno.h>
#include <libxml/relaxng.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain/complaints.h"
#include "domain/merge.h"
#include "domain/surplus.h"
#include "domain/tree.h"

struct domain_schema {
    xmlRelaxNG *grammar;
};

struct domain_schema *domain_schema_load(const char *path, struct error **err)
{
    if (access(path, R_OK) < 0) {
        const char *hint =
            errno == ENOENT ? " (libvirt's package libvirt0 or libvirt-libs has it)" : "";
        error_set_errno(err, "loading the domain schema %s%s", path, hint);
        return NULL;
    }
    struct domain_complaints complaints;
    domain_complaints_begin(&complaints);
    xmlRelaxNG *grammar = NULL;
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt(path);
    if (parser != NULL) {
        grammar = xmlRelaxNGParse(parser);
        xmlRelaxNGFreeParserCtxt(parser);
    }
    domain_complaints_end(&complaints);
    struct domain_schema *schema = NULL;
    if (grammar == NULL) {
        auto_free char *reasons = domain_complaints_text(&complaints);
        error_set(err, ERROR_INPUT, "loading the domain schema %s: %s", path, reasons);
    } else {
        schema = xmalloc(sizeof(*schema));
        *schema = (struct domain_schema){.grammar = grammar};
    }
    domain_complaints_clear(&complaints);
    return schema;
}

void domain_schema_free(struct domain_schema *schema)
{
    if (schema == NULL)
        return;
    xmlRelaxNGFree(schema->grammar);
    free(schema);
}

/* Returns 0 if valid; otherwise the validator's messages are among this thread's complaints. */
static int validate(const struct domain_schema *schema, xmlDoc *document)
{
    int result = -1;
    xmlRelaxNGValidCtxt *validator = xmlRelaxNGNewValidCtxt(schema->grammar);
    if (validator != NULL) {
        result = xmlRelaxNGValidateDoc(validator, document);
        xmlRelaxNGFreeValidCtxt(validator);
    }
    return result;
}

int domain_schema_check(
    const struct domain_schema *schema, const char *xml, size_t length, struct error **err)
{
    auto_tree xmlDoc *document = domain_tree_read(xml, length, err);
    if (document == NULL)
        return -1;
    domain_surplus_correct(document);
    domain_merge_elements(document, NULL);
    struct domain_complaints complaints;
    domain_complaints_begin(&complaints);
    int result = validate(schema, document);
    domain_complaints_end(&complaints);
    if (result != 0) {
        auto_free char *reasons = domain_complaints_text(&complaints);
        error_set(err, ERROR_INPUT, "domain XML: not valid by libvirt's schema: %s", reasons);
        result = -1;
    }
    domain_complaints_clear(&complaints);
    return result;
}
