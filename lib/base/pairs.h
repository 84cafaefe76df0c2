/* Names with their values, from NAME=VALUE. */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <stddef.h>

#include "base/error.h"

struct pair {
    char *name; /* owned, as is the value */
    char *value;
};

/* Zeroed is empty. */
struct pairs {
    struct pair *items; /* owned */
    size_t count;
};

/* Adds text, a NAME=VALUE; form describes it in errors. Returns 0, or -1 with a usage error if it
 * is not of that form or the name is already there. */
int pairs_add(struct pairs *pairs, const char *text, const char *form, struct error **err);

/* The value of a name, borrowed, or NULL. */
const char *pairs_find(const struct pairs *pairs, const char *name);

void pairs_clear(struct pairs *pairs);

#endif
