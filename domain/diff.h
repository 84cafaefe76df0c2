/* What changed between two documents, line by line. */
#ifndef DOMAIN_DIFF_H
#define DOMAIN_DIFF_H

#include <stddef.h>

#include "base/bytes.h"

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
char *domain_diff(struct bytes before, struct bytes after, const char *label_before,
    const char *label_after, struct domain_change *change);

/* The same for texts line by line as they are (cloud-init data). Where the two differ in very
 * many lines, all lines from the first to the last difference are shown as replaced. */
char *domain_diff_text(struct bytes before, struct bytes after, const char *label_before,
    const char *label_after, struct domain_change *change);

#endif
