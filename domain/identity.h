/* The libvirt domain XML as it passes from hook to hook: well-formed, and still the same domain.
 * Nothing outside the document is ever read: no external entity, no DTD, no network. Nothing is
 * printed, and a document of any content costs time and memory in proportion to its size; the
 * same is true of domain/schema.h and domain/diff.h. */
#ifndef DOMAIN_IDENTITY_H
#define DOMAIN_IDENTITY_H

#include <stddef.h>

#include "base/error.h"

enum {
    DOMAIN_MAX_BYTES = 16 << 20,
    DOMAIN_MAX_DEPTH = 256, /* elements inside one another */
    DOMAIN_MAX_ATTRIBUTES = 1024, /* of one element; libxml2 compares each with each */
    DOMAIN_MAX_NAMESPACES = 256, /* declared in a document; each prefix is sought among them */
    DOMAIN_MAX_NAMES = 10000, /* different ones in a document; libxml2's dictionary of them slows */
    DOMAIN_TREE_MAX_BYTES = 2 << 20, /* for what needs a tree: the schema, the layout of a diff */
};

/* Who the domain is. */
struct domain_identity {
    char *name; /* owned; never NULL after a successful read */
    char *uuid; /* owned; NULL when the document has none */
};
void domain_identity_clear(struct domain_identity *identity);

/* Checks that xml is a domain document: not empty, within the limits above, XML 1.0, UTF-8 (also
 * by its declaration), well-formed with every prefix declared, without a document type, with the
 * root element <domain> and one <name> in no namespace. A byte order mark is allowed. Returns 0
 * with *out (where not NULL) owned by the caller, or -1 with an input error that says line and
 * column. */
int domain_identify(
    const char *xml, size_t length, struct domain_identity *out, struct error **err);

/* domain_identify, and that it is the same domain: the name is unchanged, and the uuid where it
 * was set (letter case and hyphens do not count, as for libvirt). Returns 0, or -1 with an input
 * error that says what it was and what it became. */
int domain_check(
    const char *xml, size_t length, const struct domain_identity *before, struct error **err);

#endif
