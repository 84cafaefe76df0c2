/* The shortest way from one sequence to another: which runs of it are replaced by which. */
#ifndef DOMAIN_EDITS_H
#define DOMAIN_EDITS_H

#include <stddef.h>

/* Past this many single insertions and deletions no shortest way is sought: memory goes with its
 * square (16 MiB here), time with its product with the length. */
enum { DOMAIN_EDITS_MAX = 2000 };

/* Items [before, before_end) of the one become items [after, after_end) of the other. */
struct domain_edit {
    size_t before, before_end;
    size_t after, after_end;
};

/* The edits in their order, with at least one unchanged item between two of them; one edit that
 * replaces everything when there would be more than DOMAIN_EDITS_MAX. Items are equal when their
 * numbers are. Returns how many; *out is owned by the caller, and NULL when there are none.
 * Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, figure 2. */
size_t domain_edits_find(const int *before, size_t before_count, const int *after,
    size_t after_count, struct domain_edit **out);

#endif
