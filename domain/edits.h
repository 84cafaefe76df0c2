/* The shortest edit script from one sequence to another: which runs of items replace which. */
#ifndef DOMAIN_EDITS_H
#define DOMAIN_EDITS_H

#include <stddef.h>

/* The most single insertions and deletions for which the shortest script is searched: memory grows
 * with the square of this number (16 MiB here), time with this number times the length. */
enum { DOMAIN_EDITS_MAX = 2000 };

/* Items [before, before_end) of the first sequence become items [after, after_end) of the
 * second. */
struct domain_edit {
    size_t before, before_end;
    size_t after, after_end;
};

/* Finds the edits, in order, with at least one unchanged item between any two; or one edit that
 * replaces everything if there would be more than DOMAIN_EDITS_MAX. Items are equal if their
 * numbers are. Returns how many; *out is owned by the caller, and NULL if there are none.
 * Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, figure 2. */
size_t domain_edits_find(const int *before, size_t before_count, const int *after,
    size_t after_count, struct domain_edit **out);

#endif
