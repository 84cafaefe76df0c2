/* Elements in a canonical form, to tell whether two are equal. For the files of this room only. */
#ifndef DOMAIN_CANONICAL_H
#define DOMAIN_CANONICAL_H

#include <libxml/tree.h>

/* The canonical form of an element of a tree without layout (domain/tree.h). Two elements of one
 * document have the same if they have the same namespaces and local names, attributes in any order,
 * text and children in order; prefixes, where a namespace is declared, comments and processing
 * instructions do not count. Owned by the caller. */
char *domain_canonical(const xmlNode *element);

#endif
