#include "domain/edits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Uses the paper's names: x counts items of before, y items of after; a path ends on diagonal k = x
 * - y and has d edits. */
struct search {
    const int *before, *after;
    long before_count, after_count;
    long furthest[2 * DOMAIN_EDITS_MAX + 3]; /* x of the furthest path on each diagonal */
    int *rounds[DOMAIN_EDITS_MAX + 1]; /* furthest before round d, from -d to d */
};

static long *furthest_on(struct search *search, long k)
{
    return &search->furthest[DOMAIN_EDITS_MAX + 1 + k];
}

/* Whether the best path to diagonal k comes from k + 1 by an insertion, rather than from k - 1 by a
 * deletion. */
static bool comes_by_insertion(long k, long d, long x_below, long x_above)
{
    return k == -d || (k != d && x_below < x_above);
}

/* Goes one edit further on every diagonal; true when a path reaches the end of both. */
static bool search_round(struct search *search, long d)
{
    for (long k = -d; k <= d; k += 2) {
        long x_below = *furthest_on(search, k - 1);
        long x_above = *furthest_on(search, k + 1);
        long x = comes_by_insertion(k, d, x_below, x_above) ? x_above : x_below + 1;
        long y = x - k;
        while (x < search->before_count && y < search->after_count && y >= 0 &&
               search->before[x] == search->after[y]) {
            x++;
            y++;
        }
        *furthest_on(search, k) = x;
        if (x >= search->before_count && y >= search->after_count)
            return true;
    }
    return false;
}

/* The number of edits in the shortest script, or -1 if there are too many. */
static long search_forward(struct search *search)
{
    for (long d = 0; d <= DOMAIN_EDITS_MAX; d++) {
        int *round = xmalloc((size_t)(2 * d + 1) * sizeof(*round));
        for (long k = -d; k <= d; k++)
            round[d + k] = (int)*furthest_on(search, k);
        search->rounds[d] = round;
        if (search_round(search, d))
            return d;
    }
    return -1;
}

/* Follows the path back from its end. Each of its d edits is one item; adjacent ones are merged.
 * edits has room for d and is filled from its end; returns the index of the first. */
static size_t walk_back(const struct search *search, long d, struct domain_edit *edits)
{
    size_t first = (size_t)d;
    size_t end = (size_t)d;
    long x = search->before_count;
    long y = search->after_count;
    for (; d > 0; d--) {
        long k = x - y;
        const int *round = search->rounds[d] + d;
        bool insertion =
            comes_by_insertion(k, d, k > -d ? round[k - 1] : 0, k < d ? round[k + 1] : 0);
        long from_k = insertion ? k + 1 : k - 1;
        long from_x = round[from_k];
        long from_y = from_x - from_k;
        long edit_x = insertion ? from_x : from_x + 1;
        long edit_y = insertion ? from_y + 1 : from_y;
        if (first < end && edits[first].before == (size_t)edit_x &&
            edits[first].after == (size_t)edit_y) {
            edits[first].before = (size_t)from_x;
            edits[first].after = (size_t)from_y;
        } else {
            edits[--first] = (struct domain_edit){
                (size_t)from_x, (size_t)edit_x, (size_t)from_y, (size_t)edit_y};
        }
        x = from_x;
        y = from_y;
    }
    return first;
}

size_t domain_edits_find(const int *before, size_t before_count, const int *after,
    size_t after_count, struct domain_edit **out)
{
    auto_free struct search *search = xcalloc(1, sizeof(*search));
    search->before = before;
    search->after = after;
    search->before_count = (long)before_count;
    search->after_count = (long)after_count;
    long d = search_forward(search);
    size_t count = 0;
    *out = NULL;
    if (d < 0) {
        *out = xmalloc(sizeof(**out));
        (*out)[count++] = (struct domain_edit){0, before_count, 0, after_count};
    } else if (d > 0) {
        struct domain_edit *edits = xcalloc((size_t)d, sizeof(*edits));
        size_t first = walk_back(search, d, edits);
        count = (size_t)d - first;
        memmove(edits, edits + first, count * sizeof(*edits));
        *out = edits;
    }
    for (size_t i = 0; i < ARRAY_SIZE(search->rounds); i++)
        free(search->rounds[i]);
    return count;
}
