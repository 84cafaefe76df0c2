#include "controller/appliance/used.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

struct controller_use {
    char *nonce, *uid; /* owned */
    double since; /* clock_seconds */
    struct controller_use_state state;
    UT_hash_handle hh;
};

static void forget(struct controller_used *used, struct controller_use *use)
{
    HASH_DEL(used->uses, use);
    json_decref(use->state.objects);
    free(use->nonce);
    free(use->uid);
    free(use);
}

struct controller_use_state *controller_used_claim(
    struct controller_used *used, const char *nonce, const char *uid)
{
    struct controller_use *use = NULL;
    double now = clock_seconds();
    while (used->uses != NULL && now - used->uses->since > used->seconds)
        forget(used, used->uses);
    HASH_FIND_STR(used->uses, nonce, use);
    if (use != NULL)
        return streq(use->uid, uid) ? &use->state : NULL;
    if (HASH_COUNT(used->uses) >= CONTROLLER_USED_MOST)
        forget(used, used->uses);
    use = xcalloc(1, sizeof(*use));
    use->nonce = xstrdup(nonce);
    use->uid = xstrdup(uid);
    use->since = now;
    HASH_ADD_KEYPTR(hh, used->uses, use->nonce, strlen(use->nonce), use);
    return &use->state;
}

void controller_used_clear(struct controller_used *used)
{
    while (used->uses != NULL)
        forget(used, used->uses);
}
