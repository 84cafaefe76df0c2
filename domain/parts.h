/* The parts of a domain that hooks add side by side: which elements can be merged (domain/merge.h),
 * and which of their children libvirt takes once. */
#ifndef DOMAIN_PARTS_H
#define DOMAIN_PARTS_H

#include <stdbool.h>
#include <stddef.h>

enum { DOMAIN_PARTS_ROWS = 38 }; /* in the table */

/* Which elements may be there together: the children of an element that can be merged, or the
 * element itself. */
enum domain_parts_rule {
    DOMAIN_PARTS_ALL, /* any children, as in a list, but for those that the row names */
    DOMAIN_PARTS_NAMES, /* one of each name */
    DOMAIN_PARTS_NAMESPACES, /* one of each namespace */
    DOMAIN_PARTS_ONCE, /* one such element: it is not merged */
};

/* An element of <domain> that libvirt's schema allows once, or of which libvirt takes one. */
struct domain_parts_row {
    const char *name;
    const char *uri; /* of its namespace; NULL: none */
    enum domain_parts_rule rule;
    const char *type; /* only with this value of its attribute "type"; NULL: any */
    const char *const *once; /* names of children in no namespace, of which libvirt takes one though
                                the others are a list; ends with NULL; NULL: none */
};

/* The row of an element of <domain>, or NULL. uri and type, the value of its attribute, may be
 * NULL. Source: libvirt's domain_conf.c, which reads these by XPath, its schema, and its
 * documentation, "Domain XML format", on metadata: one top-level element per namespace. */
const struct domain_parts_row *domain_parts_find(
    const char *name, const char *uri, const char *type);

/* The name of the part that a child is, such as "memoryBacking source" or "metadata urn:x"; NULL if
 * it is not counted. Of DOMAIN_PARTS_ONCE it is that of the element itself, such as "title",
 * whatever the child. Owned by the caller. */
char *domain_parts_name(const struct domain_parts_row *row, const char *name, const char *uri);

/* Called for each part in a document once, in order. */
typedef void domain_parts_seen(void *user, const char *part);

/* Reads a document that domain_identify has accepted; seen may be NULL. Returns whether an element
 * of the table, or a part, is there more than once. */
bool domain_parts_read(const char *xml, size_t length, domain_parts_seen *seen, void *user);

#endif
