#include "appliance/chain.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

enum { LONGEST_SHOWN = 100 };

static const struct {
    const char *member;
    enum appliance_kind kind;
} sources[] = {
    {"pvc", APPLIANCE_CLAIM},
    {"snapshot", APPLIANCE_SNAPSHOT},
    {"dataSource", APPLIANCE_DATA_SOURCE},
};

const char *appliance_chain_member(const json_t *source, enum appliance_kind *kind)
{
    const char *found = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        const json_t *value = json_object_get(source, sources[i].member);
        if (value == NULL || json_is_null(value))
            continue;
        if (found != NULL)
            return NULL;
        found = sources[i].member;
        *kind = sources[i].kind;
    }
    return found;
}

/* Moves to what the DataSource last is made from. Returns false if that is not clear. */
static bool take_link(struct appliance_chain *chain)
{
    const json_t *source = machine_value(chain->last->value, "/spec/source");
    const char *member = appliance_chain_member(source, &chain->kind);
    const json_t *link = member != NULL ? json_object_get(source, member) : NULL;
    const char *name = machine_string(link, "/name");
    if (name == NULL) {
        chain->kind = APPLIANCE_DATA_SOURCE;
        return false;
    }
    chain->namespace = text_or(machine_string(link, "/namespace"), chain->last->namespace);
    chain->name = name;
    return true;
}

void appliance_chain_follow(struct appliance_objects *objects, const char *namespace,
    const char *name, struct appliance_chain *out)
{
    const struct appliance_object *seen[APPLIANCE_CHAIN_MAX] = {NULL};
    *out = (struct appliance_chain){
        .kind = APPLIANCE_DATA_SOURCE,
        .namespace = namespace,
        .name = name,
    };
    for (;;) {
        out->last = appliance_objects_find(objects, out->kind, out->namespace, out->name);
        out->end = out->last != NULL ? APPLIANCE_CHAIN_FOUND : APPLIANCE_CHAIN_MISSING;
        if (out->last == NULL || out->kind != APPLIANCE_DATA_SOURCE)
            return;
        for (size_t i = 0; i < out->links; i++) {
            if (seen[i] == out->last) {
                out->end = APPLIANCE_CHAIN_CIRCLE;
                return;
            }
        }
        if (out->links == APPLIANCE_CHAIN_MAX) {
            out->end = APPLIANCE_CHAIN_LONG;
            return;
        }
        seen[out->links++] = out->last;
        if (!take_link(out)) {
            out->end = APPLIANCE_CHAIN_OPEN;
            return;
        }
    }
}

/* Why the end of a chain is not there; NULL: nobody was asked for it. Owned by the caller. */
static char *missing_fault(
    const struct appliance_objects *objects, const struct appliance_chain *chain, bool *certain)
{
    const char *kind = appliance_kind_name(chain->kind);
    const char *why =
        appliance_objects_why_absent(objects, chain->kind, chain->namespace, chain->name);
    if (!appliance_objects_is_absent(objects, chain->kind, chain->namespace, chain->name))
        return NULL;
    auto_free char *whole = xasprintf("%s/%s", chain->namespace, chain->name);
    auto_free char *shown = text_printable(whole, strlen(whole), LONGEST_SHOWN);
    *certain = why == NULL;
    if (why != NULL)
        return xasprintf("the %s %s could not be read: %s", kind, shown, why);
    return xasprintf("there is no %s %s", kind, shown);
}

char *appliance_chain_fault(
    const struct appliance_objects *objects, const struct appliance_chain *chain, bool *certain)
{
    auto_free char *whole = xasprintf("%s/%s", chain->namespace, chain->name);
    auto_free char *shown = text_printable(whole, strlen(whole), LONGEST_SHOWN);
    *certain = true;
    switch (chain->end) {
    case APPLIANCE_CHAIN_MISSING:
        return missing_fault(objects, chain, certain);
    case APPLIANCE_CHAIN_OPEN:
        return xasprintf("leads to the DataSource %s, which has no single source", shown);
    case APPLIANCE_CHAIN_CIRCLE:
        return xasprintf("leads in a circle: the DataSource %s is there again", shown);
    case APPLIANCE_CHAIN_LONG:
        return xasprintf("leads through more than %d DataSources", APPLIANCE_CHAIN_MAX);
    case APPLIANCE_CHAIN_FOUND:
        break;
    }
    return NULL;
}

const json_t *appliance_chain_size(const struct appliance_object *object)
{
    if (object->kind == APPLIANCE_SNAPSHOT)
        return machine_value(object->value, "/status/restoreSize");
    const json_t *requested = machine_value(object->value, "/spec/resources/requests/storage");
    return requested != NULL ? requested : machine_value(object->value, "/status/capacity/storage");
}
