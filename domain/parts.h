/* The parts of a domain that hooks add side by side: which elements can be merged (domain/merge.h),
 * and which of their children libvirt takes once. */
#ifndef DOMAIN_PARTS_H
#define DOMAIN_PARTS_H

#include <stdbool.h>
#include <stddef.h>

enum { DOMAIN_PARTS_ROWS = 5 }; /* in the table */

/* Which children of an element may be there together. */
enum domain_parts_rule {
    DOMAIN_PARTS_ALL, /* any, as in a list */
    DOMAIN_PARTS_NAMES, /* one of each name */
    DOMAIN_PARTS_NAMESPACES, /* one of each namespace */
};

/* An element of <domain> that can be merged. */
struct domain_parts_row {
    const char *name;
    const char *uri; /* of its namespace; NULL: none */
    enum domain_parts_rule rule;
};

/* The row of an element of <domain>, or NULL. uri may be NULL. Source: libvirt's domain_conf.c,
 * which reads these by XPath, and its documentation, "Domain XML format", on metadata: one
 * top-level element per namespace. */
const struct domain_parts_row *domain_parts_find(const char *name, const char *uri);

/* The name of the part that a child is, such as "memoryBacking source" or "metadata urn:x"; NULL if
 * the row's children are not counted. Owned by the caller. */
char *domain_parts_name(const struct domain_parts_row *row, const char *name, const char *uri);

/* Called for each part in a document once, in order. */
typedef void domain_parts_seen(void *user, const char *part);

/* Reads a document that domain_identify has accepted; seen may be NULL. Returns whether an element
 * of the table, or a part, is there more than once. */
bool domain_parts_read(const char *xml, size_t length, domain_parts_seen *seen, void *user);

#endif
