#include "base/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int pairs_add(struct pairs *pairs, const char *text, const char *form, struct error **err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return error_set(err, ERROR_USAGE, "\"%s\" is not of the form %s", text, form);
    auto_free char *name = xstrndup(text, (size_t)(equals - text));
    if (pairs_find(pairs, name) != NULL)
        return error_set(err, ERROR_USAGE, "%s is given twice", name);
    pairs->items = xreallocarray(pairs->items, pairs->count + 1, sizeof(*pairs->items));
    pairs->items[pairs->count++] = (struct pair){steal(&name), xstrdup(equals + 1)};
    return 0;
}

const char *pairs_find(const struct pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (streq(pairs->items[i].name, name))
            return pairs->items[i].value;
    }
    return NULL;
}

void pairs_clear(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct pairs){0};
}
