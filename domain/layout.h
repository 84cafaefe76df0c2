/* One layout for all domain documents, so that only real changes show in a diff. */
#ifndef DOMAIN_LAYOUT_H
#define DOMAIN_LAYOUT_H

#include <stddef.h>

/* The document indented by two spaces, one element a line, attributes in alphabetical order,
 * without declaration, CDATA marks and blank text between elements. Returns it with a zero byte
 * behind its *out_length bytes, owned by the caller; NULL when xml is no domain document or has
 * more than DOMAIN_TREE_MAX_BYTES. */
char *domain_layout(const char *xml, size_t length, size_t *out_length);

#endif
