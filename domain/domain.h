/* The libvirt domain XML as it passes from hook to hook: well-formed, still the same domain, and
 * valid for libvirt's schema; and what changed between two of them. Nothing outside the document
 * is ever read: no external entity, no DTD, no network. Nothing is printed, and a document of any
 * content costs time and memory in proportion to its size. */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

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

/* libvirt's RELAX NG of domains, loaded once for many checks. */
struct domain_schema;

/* The schema file that libvirt installs (package libvirt0 or libvirt-libs). */
#define DOMAIN_SCHEMA_PATH "/usr/share/libvirt/schemas/domain.rng"

/* Loads path. Returns it, owned by the caller, or NULL with an io error (not there: says which
 * package has it) or an input error. */
struct domain_schema *domain_schema_load(const char *path, struct error **err);
void domain_schema_free(struct domain_schema *schema); /* NULL is allowed */

/* Returns 0 when xml is a domain document of at most DOMAIN_TREE_MAX_BYTES and valid, or -1 with
 * an input error that has the first messages of the validator with their lines. */
int domain_schema_check(
    const struct domain_schema *schema, const char *xml, size_t length, struct error **err);

/* How much changed between two texts. */
struct domain_change {
    size_t added; /* lines */
    size_t removed; /* lines */
};

/* The change of two documents in canonical layout (indentation and the order of attributes do
 * not count), as a unified diff with 3 lines of context; "" when nothing changed. label_before
 * and label_after stand in its header. change may be NULL. Owned by the caller. Texts that are no
 * domain documents, or have more than DOMAIN_TREE_MAX_BYTES, are compared as they are.
 * Source of the format: GNU diffutils manual, "Detailed Description of Unified Format". */
char *domain_diff(const char *before, size_t before_length, const char *after, size_t after_length,
    const char *label_before, const char *label_after, struct domain_change *change);

/* The same for texts line by line as they are (cloud-init data). Where the two differ in very
 * many lines, all lines from the first to the last difference are shown as replaced. */
char *domain_diff_text(const char *before, size_t before_length, const char *after,
    size_t after_length, const char *label_before, const char *label_after,
    struct domain_change *change);

#endif
