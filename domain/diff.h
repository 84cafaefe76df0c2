/* The differences between two documents, line by line. */
#ifndef DOMAIN_DIFF_H
#define DOMAIN_DIFF_H

#include <stddef.h>

#include "base/bytes.h"

/* How many lines differ between two texts. */
struct domain_change {
    size_t added; /* lines */
    size_t removed; /* lines */
};

/* Compares two documents in canonical layout, ignoring indentation and the order of attributes.
 * Returns a unified diff with 3 lines of context, owned by the caller; "" if nothing changed.
 * label_before and label_after appear in its header. change may be NULL. Texts that are not domain
 * documents, or have more than DOMAIN_TREE_MAX_BYTES, are compared without layout.
 * Source of the format: GNU diffutils manual, "Detailed Description of Unified Format". */
char *domain_diff(struct bytes before, struct bytes after, const char *label_before,
    const char *label_after, struct domain_change *change);

/* The same for any text, such as cloud-init data, without layout. If the two differ in very many
 * lines, all lines from the first to the last difference are shown as replaced. */
char *domain_diff_text(struct bytes before, struct bytes after, const char *label_before,
    const char *label_after, struct domain_change *change);

#endif
