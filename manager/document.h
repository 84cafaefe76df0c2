/* The document of a hook point on its way through the sidecars: what it must be, how it travels in
 * messages, and what a sidecar may make of it. */
#ifndef MANAGER_DOCUMENT_H
#define MANAGER_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/identity.h"
#include "domain/schema.h"
#include "hooks/message.h"

enum { MANAGER_DOCUMENT_MAX_FIELDS = 2 };

struct manager_document {
    const struct hooks_point_row *point;
    const struct domain_schema *schema; /* every domain is checked with it; or NULL. Borrowed */
    char *data; /* as the last hop left it */
    size_t length;
    char *older; /* data in the older form, of the point's older_field */
    struct domain_identity identity; /* of a domain */
};

/* Copies the data. */
void manager_document_init(struct manager_document *document, const struct hooks_point_row *point,
    const struct domain_schema *schema, struct bytes data);
void manager_document_clear(struct manager_document *document);

/* Whether there is nothing for hooks to work on, as there may be no cloud-init data. */
bool manager_document_is_absent(const struct hooks_point_row *point, struct bytes data);

/* Checks the document before the first sidecar sees it. Returns 0, or -1 with an input error. */
int manager_document_check(struct manager_document *document, struct error **err);

/* The fields of the next request that hold the document, borrowed from it. Returns how many, or 0
 * with an input error. */
size_t manager_document_fields(struct manager_document *document,
    struct hooks_field fields[MANAGER_DOCUMENT_MAX_FIELDS], struct error **err);

/* The document that a response carries, checked. Returns it, owned by the caller, with its *length;
 * or NULL with a remote error. *returned is what stands in the response, borrowed. */
char *manager_document_result(struct manager_document *document, const ProtobufCMessage *response,
    struct bytes *returned, size_t *length, struct error **err);

/* Puts a result in the document's place. */
void manager_document_replace(struct manager_document *document, char *take_data, size_t length);

#endif
