#include "manager/origin.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "domain/parts.h"

struct manager_origin {
    char *part; /* the key */
    const struct manager_sidecar *sidecar; /* NULL: the domain had it before any hook */
    size_t document; /* the last that had it */
    UT_hash_handle hh;
};

/* A document that is being noted. */
struct note {
    struct manager_origins *origins;
    const struct manager_sidecar *sidecar;
};

static void origin_remove(struct manager_origins *origins, struct manager_origin *origin)
{
    HASH_DEL(origins->parts, origin);
    free(origin->part);
    free(origin);
}

void manager_origins_clear(struct manager_origins *origins)
{
    struct manager_origin *origin = NULL;
    struct manager_origin *next = NULL;
    HASH_ITER (hh, origins->parts, origin, next) {
        origin_remove(origins, origin);
    }
}

static void on_part(void *user, const char *part)
{
    const struct note *note = user;
    struct manager_origins *origins = note->origins;
    struct manager_origin *origin = NULL;
    HASH_FIND_STR(origins->parts, part, origin);
    if (origin == NULL) {
        origin = xmalloc(sizeof(*origin));
        *origin = (struct manager_origin){.part = xstrdup(part), .sidecar = note->sidecar};
        HASH_ADD_KEYPTR(hh, origins->parts, origin->part, strlen(origin->part), origin);
    }
    origin->document = origins->documents;
}

void manager_origins_note(
    struct manager_origins *origins, struct bytes xml, const struct manager_sidecar *sidecar)
{
    struct note note = {origins, sidecar};
    struct manager_origin *origin = NULL;
    struct manager_origin *next = NULL;
    origins->documents++;
    domain_parts_read(xml.data, xml.length, on_part, &note);
    HASH_ITER (hh, origins->parts, origin, next) {
        if (origin->document != origins->documents)
            origin_remove(origins, origin);
    }
}

char *manager_origins_describe(const struct manager_origins *origins, const char *part)
{
    const struct manager_origin *origin = NULL;
    HASH_FIND_STR(origins->parts, part, origin);
    if (origin == NULL)
        return xstrdup("this sidecar has brought both");
    if (origin->sidecar == NULL)
        return xstrdup("the other was there before any hook");
    if (origin->sidecar->index < 0)
        return xasprintf("the other is from sidecar %s", origin->sidecar->name);
    return xasprintf(
        "the other is from sidecar %s (index %ld)", origin->sidecar->name, origin->sidecar->index);
}
