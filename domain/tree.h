/* Domain documents as libxml2's trees. For the files of this room only. */
#ifndef DOMAIN_TREE_H
#define DOMAIN_TREE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/memory.h"

/* Reads a document. Text and CDATA sections become text; the lines of its nodes are known. Returns
 * the tree, owned by the caller, or NULL with an input error if xml is not a domain document or has
 * more than DOMAIN_TREE_MAX_BYTES. */
xmlDoc *domain_tree_read(const char *xml, size_t length, struct error **err);

DEFINE_CLEANUP(tree, xmlDoc *, xmlFreeDoc);
#define auto_tree auto_cleanup(tree)

/* Removes the text in an element, and in those inside it, that is only layout: nothing but blanks,
 * next to other nodes or with a line break. */
void domain_tree_drop_layout(xmlNode *element);

/* Whether a node is the element of this name and namespace (NULL: none). */
bool domain_tree_is(const xmlNode *node, const char *name, const char *uri);

#endif
