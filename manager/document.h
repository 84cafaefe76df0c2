/* The document of a hook point on its way through the sidecars: what is valid, how messages carry
 * it, and what a sidecar may change. */
#ifndef MANAGER_DOCUMENT_H
#define MANAGER_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/identity.h"
#include "domain/schema.h"
#include "hooks/message.h"
#include "manager/origin.h"

enum { MANAGER_DOCUMENT_MAX_FIELDS = 2 };

struct manager_document {
    const struct hooks_point_row *point;
    const struct domain_schema *schema; /* to validate every domain against; or NULL. Borrowed */
    char *data; /* as the last hop left it */
    size_t length;
    char *older; /* data in the older form, of the point's older_field */
    struct domain_identity identity; /* of a domain */
    struct manager_origins origins; /* of a domain's parts */
    bool repeated; /* the domain has elements that are to be merged (domain/merge.h) */
    bool clashes; /* before any hook it had parts that do not go together: nothing is merged */
};

/* Copies the data. */
void manager_document_init(struct manager_document *document, const struct hooks_point_row *point,
    const struct domain_schema *schema, struct bytes data);
void manager_document_clear(struct manager_document *document);

/* Whether there is nothing for hooks to work on: absent cloud-init data. */
bool manager_document_is_absent(const struct hooks_point_row *point, struct bytes data);

/* Checks the document before the first sidecar sees it. Returns 0, or -1 with an input error. */
int manager_document_check(struct manager_document *document, struct error **err);

/* Fills the fields of the next request that hold the document; their data is borrowed from it.
 * Returns how many, or 0 with an input error. */
size_t manager_document_fields(struct manager_document *document,
    struct hooks_field fields[MANAGER_DOCUMENT_MAX_FIELDS], struct error **err);

/* Checks the document that a sidecar's response carries. Returns the result, owned by the caller,
 * with its *length; or NULL with a remote error. *returned is the response's field itself,
 * borrowed. *warning, which is NULL before, gets what is strange about a result, owned by the
 * caller. */
char *manager_document_result(struct manager_document *document,
    const struct manager_sidecar *sidecar, const ProtobufCMessage *response, struct bytes *returned,
    size_t *length, char **warning, struct error **err);

/* Replaces the document's data by a result. */
void manager_document_replace(struct manager_document *document, char *take_data, size_t length);

/* Finishes the document after the last hook: merges what several hooks have added to a domain, and,
 * if domains are validated, takes out what libvirt's schema does not know (domain/surplus.h).
 * Returns 0, or -1 with an input error. */
int manager_document_finish(struct manager_document *document, struct error **err);

#endif
