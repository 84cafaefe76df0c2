#include "machine/origin.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct machine_origin {
    char *pointer; /* within the VMI; owned */
    const struct machine_reference *reference;
    char *from; /* owned */
    UT_hash_handle hh;
};

void machine_origins_add(struct machine_origins *origins, const char *pointer,
    const struct machine_reference *reference, const char *from)
{
    struct machine_origin *old = NULL;
    HASH_FIND_STR(origins->items, pointer, old);
    if (old != NULL)
        return;
    struct machine_origin *origin = xcalloc(1, sizeof(*origin));
    origin->pointer = xstrdup(pointer);
    origin->reference = reference;
    origin->from = xstrdup(from);
    HASH_ADD_KEYPTR(hh, origins->items, origin->pointer, strlen(origin->pointer), origin);
}

/* The origin of the value at pointer, or of the nearest value that it is a part of; or NULL. */
static const struct machine_origin *find(const struct machine_origins *origins, const char *pointer)
{
    struct machine_origin *found = NULL;
    auto_free char *part = xstrdup(pointer);
    while (origins != NULL) {
        HASH_FIND_STR(origins->items, part, found);
        char *slash = strrchr(part, '/');
        if (found != NULL || slash == NULL)
            break;
        *slash = '\0';
    }
    return found;
}

bool machine_origins_has(const struct machine_origins *origins, const char *pointer)
{
    return find(origins, pointer) != NULL;
}

char *machine_origins_message(
    const struct machine_origins *origins, const char *pointer, const char *message)
{
    const struct machine_origin *origin = find(origins, pointer);
    if (origin == NULL)
        return xstrdup(message);
    auto_free char *said = machine_reference_say(origin->reference, origin->from);
    return xasprintf("%s; %s sets it", message, said);
}

void machine_origins_clear(struct machine_origins *origins)
{
    struct machine_origin *origin = NULL;
    struct machine_origin *next = NULL;
    HASH_ITER (hh, origins->items, origin, next) {
        HASH_DEL(origins->items, origin);
        free(origin->pointer);
        free(origin->from);
        free(origin);
    }
}
