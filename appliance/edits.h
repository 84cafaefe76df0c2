/* Replacements within a text, all of them made at once: every other byte stays. */
#ifndef APPLIANCE_EDITS_H
#define APPLIANCE_EDITS_H

#include <stddef.h>

struct appliance_edit {
    size_t from; /* the bytes [from, to) of the text are replaced */
    size_t to;
    char *text; /* by this; owned, and wiped: it may be secret */
    size_t order; /* in which it was added */
};

/* Zeroed is empty. */
struct appliance_edits {
    struct appliance_edit *items; /* owned */
    size_t count;
};

/* Adds a replacement; where from is to, an insertion. Takes ownership of text. */
void appliance_edits_add(struct appliance_edits *edits, size_t from, size_t to, char *take_text);

/* The text with the replacements made; of those that overlap, only the first. Insertions at one
 * place come in the order in which they were added. Owned by the caller. */
char *appliance_edits_apply(struct appliance_edits *edits, const char *text);

void appliance_edits_clear(struct appliance_edits *edits);

#endif
