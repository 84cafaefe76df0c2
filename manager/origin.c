#include "manager/origin.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "domain/parts.h"

struct manager_origin {
    char *part; /* the key */
    const struct manager_sidecar *sidecar; /* NULL: the domain had it before any hook */
    UT_hash_handle hh;
};

/* A document that is being read. */
struct reading {
    const struct manager_origins *before;
    const struct manager_sidecar *sidecar;
    struct manager_origins *out;
};

void manager_origins_clear(struct manager_origins *origins)
{
    struct manager_origin *origin = NULL;
    struct manager_origin *next = NULL;
    HASH_ITER (hh, origins->parts, origin, next) {
        HASH_DEL(origins->parts, origin);
        free(origin->part);
        free(origin);
    }
}

static const struct manager_origin *find(const struct manager_origins *origins, const char *part)
{
    const struct manager_origin *origin = NULL;
    HASH_FIND_STR(origins->parts, part, origin);
    return origin;
}

static void on_part(void *user, const char *part)
{
    const struct reading *reading = user;
    const struct manager_origin *before = find(reading->before, part);
    struct manager_origin *origin = xmalloc(sizeof(*origin));
    *origin = (struct manager_origin){
        .part = xstrdup(part),
        .sidecar = before != NULL ? before->sidecar : reading->sidecar,
    };
    HASH_ADD_KEYPTR(hh, reading->out->parts, origin->part, strlen(origin->part), origin);
}

bool manager_origins_read(const struct manager_origins *before, struct bytes xml,
    const struct manager_sidecar *sidecar, struct manager_origins *out)
{
    struct reading reading = {before, sidecar, out};
    return domain_parts_read(xml.data, xml.length, on_part, &reading);
}

char *manager_origins_describe(const struct manager_origins *origins, const char *part)
{
    const struct manager_origin *origin = find(origins, part);
    if (origin == NULL)
        return xstrdup("this sidecar has brought both");
    if (origin->sidecar == NULL)
        return xstrdup("the other was there before any hook");
    if (origin->sidecar->index < 0)
        return xasprintf("the other is from sidecar %s", origin->sidecar->name);
    return xasprintf(
        "the other is from sidecar %s (index %ld)", origin->sidecar->name, origin->sidecar->index);
}
