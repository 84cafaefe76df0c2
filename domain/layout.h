/* One layout for all domain documents, so that only real changes show in a diff. */
#ifndef DOMAIN_LAYOUT_H
#define DOMAIN_LAYOUT_H

#include <stddef.h>

/* Lays the document out: indented by two spaces, one element per line, attributes in alphabetical
 * order, without declaration, CDATA marks and blank text between elements. Returns it, owned by the
 * caller, with a zero byte after its *out_length bytes; NULL if xml is not a domain document or has
 * more than DOMAIN_TREE_MAX_BYTES. */
char *domain_layout(const char *xml, size_t length, size_t *out_length);

#endif
