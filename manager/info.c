#include "manager/info.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/text.h"

enum {
    MAX_SHOWN = 64, /* bytes of one of the peer's words in a message */
    MAX_LISTED = 8, /* of the peer's words in a message */
};

/* A peer's words as a message shows them: `"a", "b" and others`. */
struct words {
    UT_string text;
    size_t count;
};

static void words_add(struct words *words, const char *word)
{
    words->count++;
    if (words->count == MAX_LISTED + 1)
        utstring_printf(&words->text, " and others");
    if (words->count > MAX_LISTED)
        return;
    auto_free char *shown = text_printable(word, strlen(word), MAX_SHOWN);
    utstring_printf(&words->text, "%s\"%s\"", words->count > 1 ? ", " : "", shown);
}

long manager_index_of(const char *container)
{
    const char *digits = container + strlen(container);
    while (digits > container && isdigit((unsigned char)digits[-1]))
        digits--;
    long index = 0;
    return text_parse_int(digits, 0, INT32_MAX, &index) ? index : -1;
}

static int version_read(const Kubevirt__Hooks__Info__InfoResult *answer,
    struct manager_sidecar *sidecar, struct error **err)
{
    sidecar->version =
        hooks_version_choose((const char *const *)answer->versions, answer->n_versions);
    if (sidecar->version != NULL)
        return 0;
    struct words offered = {0};
    utstring_init(&offered.text);
    for (size_t i = 0; i < answer->n_versions; i++)
        words_add(&offered, answer->versions[i]);
    auto_free char *known = hooks_version_list();
    error_set(err, ERROR_REMOTE,
        "no common version of the hook protocol: it offers %s; known are %s",
        offered.count > 0 ? utstring_body(&offered.text) : "none", known);
    utstring_done(&offered.text);
    return -1;
}

int manager_info_read(const Kubevirt__Hooks__Info__InfoResult *answer,
    struct manager_sidecar *sidecar, char **warning, struct error **err)
{
    *warning = NULL;
    if (version_read(answer, sidecar, err) < 0)
        return -1;
    memset(sidecar->subscribed, 0, sizeof(sidecar->subscribed));
    memset(sidecar->priority, 0, sizeof(sidecar->priority));
    struct words unknown = {0};
    utstring_init(&unknown.text);
    for (size_t i = 0; i < answer->n_hookpoints; i++) {
        const Kubevirt__Hooks__Info__HookPoint *point = answer->hookpoints[i];
        enum hooks_point hook = hooks_point_find(point->name);
        if (hook == HOOKS_POINTS || !hooks_point_is_in(hook, sidecar->version)) {
            words_add(&unknown, point->name);
            continue;
        }
        if (!sidecar->subscribed[hook] || point->priority > sidecar->priority[hook])
            sidecar->priority[hook] = point->priority;
        sidecar->subscribed[hook] = true;
    }
    if (unknown.count > 0)
        *warning = xasprintf("it announces hook points that %s does not have: %s", sidecar->version,
            utstring_body(&unknown.text));
    utstring_done(&unknown.text);
    return 0;
}
