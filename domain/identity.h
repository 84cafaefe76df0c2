/* Checks libvirt domain XML on its way from hook to hook: it must be well-formed, and still the
 * same domain. Nothing outside the document is ever read: no external entity, no DTD, no network.
 * Nothing is printed, and any document costs time and memory in proportion to its size. The same is
 * true of domain/schema.h and domain/diff.h. */
#ifndef DOMAIN_IDENTITY_H
#define DOMAIN_IDENTITY_H

#include <stddef.h>

#include "base/error.h"

enum {
    DOMAIN_MAX_BYTES = 16 << 20,
    DOMAIN_MAX_DEPTH = 256, /* of nested elements */
    DOMAIN_MAX_ATTRIBUTES = 1024, /* of one element; libxml2 compares each pair */
    DOMAIN_MAX_NAMESPACES = 256, /* declared in a document; each prefix is looked up among them */
    DOMAIN_MAX_NAMES = 10000, /* distinct ones in a document; libxml2's dictionary gets slow */
    DOMAIN_TREE_MAX_BYTES = 2 << 20, /* for what needs a tree: the schema, the layout of a diff */
};

/* What identifies a domain. */
struct domain_identity {
    char *name; /* owned; never NULL after a successful read */
    char *uuid; /* owned; NULL when the document has none */
};
void domain_identity_clear(struct domain_identity *identity);

/* Checks that xml is a domain document: not empty, within the limits above, XML 1.0, UTF-8 (and
 * declared so, if at all), well-formed with every prefix declared, without a document type, with
 * the root element <domain> and one <name> in no namespace. A byte order mark is allowed. Returns 0
 * with *out (if not NULL) owned by the caller, or -1 with an input error that gives line and
 * column. */
int domain_identify(
    const char *xml, size_t length, struct domain_identity *out, struct error **err);

/* Like domain_identify, and checks that it is the same domain: the name is unchanged, and so is the
 * uuid if it was set (ignoring letter case and hyphens, as libvirt does). Returns 0, or -1 with an
 * input error that gives the old and the new value. */
int domain_check(
    const char *xml, size_t length, const struct domain_identity *before, struct error **err);

#endif
