#include "appliance/check_sizes.h"

#include "appliance/chain.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

#define REQUEST "/resources/requests/storage"

enum { BILLION = 1000000000, MEBI = 1 << 20 };

/* A size as it is written. Owned by the caller. */
static char *show(const json_t *size)
{
    return json_is_string(size) ? appliance_check_shown(json_string_value(size))
                                : json_dumps(size, JSON_ENCODE_ANY);
}

/* Adds what is wrong with the source of a disk, unless it is the DataSource itself, of which that is
 * said elsewhere. */
static void check_chain(const struct appliance_check_scope *scope, size_t index, const char *rest,
    const struct appliance_chain *chain)
{
    bool certain = true;
    auto_free char *pointer = xasprintf(APPLIANCE_TEMPLATES "/%zu%s", index, rest);
    auto_free char *fault = appliance_chain_fault(scope->objects, chain, &certain);
    if (fault != NULL)
        findings_add(scope->findings, certain ? FINDING_ERROR : FINDING_WARNING, ERROR_INPUT,
            pointer, "%s", fault);
}

/* Follows the DataSource that a disk is a clone of; the boilerplate's own where it does not say. */
static void follow_reference(const struct appliance_check_scope *scope, size_t index,
    const json_t *reference, struct appliance_chain *out)
{
    const struct appliance_object *own = scope->source->object;
    const char *name = text_or(machine_string(reference, "/name"), own->name);
    const char *namespace = text_or(machine_string(reference, "/namespace"), own->namespace);
    *out = (struct appliance_chain){.end = APPLIANCE_CHAIN_OPEN};
    if (appliance_check_is_open(name) || appliance_check_is_open(namespace))
        return;
    appliance_chain_follow(scope->objects, namespace, name, out);
    if (!streq(name, own->name) || !streq(namespace, own->namespace))
        check_chain(scope, index, "/spec/sourceRef/name", out);
}

/* Finds what a disk is a clone of: a claim or a snapshot, or NULL if it is none, or not known. */
static const struct appliance_object *find_source(
    const struct appliance_check_scope *scope, size_t index, const json_t *spec)
{
    struct appliance_chain chain = {.end = APPLIANCE_CHAIN_MISSING};
    const json_t *source = machine_value(spec, "/source");
    const json_t *reference = machine_value(spec, "/sourceRef");
    if (reference != NULL || source == NULL) {
        follow_reference(scope, index, reference, &chain);
        return chain.end == APPLIANCE_CHAIN_FOUND ? chain.last : NULL;
    }
    const char *member = appliance_chain_member(source, &chain.kind);
    const json_t *link = member != NULL ? json_object_get(source, member) : NULL;
    chain.name = machine_string(link, "/name");
    chain.namespace = machine_string(link, "/namespace");
    if (chain.name == NULL || chain.namespace == NULL || appliance_check_is_open(chain.name) ||
        appliance_check_is_open(chain.namespace))
        return NULL;
    chain.last = appliance_objects_find(scope->objects, chain.kind, chain.namespace, chain.name);
    auto_free char *rest = xasprintf("/spec/source/%s/name", member);
    if (chain.last == NULL)
        check_chain(scope, index, rest, &chain);
    return chain.last;
}

/* Whether something else than a clone fills the disk: then only it can tell how large it is. */
static bool is_clone(const json_t *spec)
{
    const json_t *source = machine_value(spec, "/source");
    return source == NULL || machine_value(spec, "/sourceRef") != NULL ||
           machine_value(source, "/pvc") != NULL || machine_value(source, "/snapshot") != NULL;
}

/* A disk without a size takes its source's, if that is a clone, and storage asks for it. */
static void check_absent(const struct appliance_check_scope *scope, size_t index,
    const json_t *spec, const char *rest, bool of_claim)
{
    const json_t *source = machine_value(spec, "/source");
    if (!is_clone(spec))
        appliance_check_error(scope, APPLIANCE_TEMPLATES, index, rest, "is required: %s",
            machine_value(source, "/blank") != NULL ? "a blank source has no size"
                                                    : "only a clone takes the size of its source");
    else if (of_claim)
        appliance_check_error(scope, APPLIANCE_TEMPLATES, index, rest,
            "is required below pvc: only with storage, a clone takes the size of its source");
}

/* Compares a size with that of the disk's source, if both are known. */
static void check_source_size(const struct appliance_check_scope *scope, size_t index,
    const char *rest, const struct appliance_object *source, const json_t *size)
{
    annotations_quantity wanted = 0;
    annotations_quantity needed = 0;
    const json_t *its_size = source != NULL ? appliance_chain_size(source) : NULL;
    if (its_size == NULL || !machine_quantity(its_size, &needed) ||
        !machine_quantity(size, &wanted) || wanted >= needed)
        return;
    auto_free char *shown = show(size);
    auto_free char *needed_shown = show(its_size);
    auto_free char *namespace = appliance_check_shown(source->namespace);
    auto_free char *name = appliance_check_shown(source->name);
    appliance_check_error(scope, APPLIANCE_TEMPLATES, index, rest,
        "%s is less than the %s of its source, %s/%s", shown, needed_shown, namespace, name);
}

/* Whether something above the size is no object: then it is reported, or a parameter's. */
static bool is_open(const json_t *storage)
{
    const json_t *resources = machine_value(storage, "/resources");
    const json_t *requests = machine_value(resources, "/requests");
    return (storage != NULL && !json_is_object(storage)) ||
           (resources != NULL && !json_is_object(resources)) ||
           (requests != NULL && !json_is_object(requests));
}

void appliance_check_size(
    const struct appliance_check_scope *scope, size_t index, const json_t *spec)
{
    annotations_quantity quantity = 0;
    bool of_claim = machine_value(spec, "/pvc") != NULL;
    const json_t *storage = machine_value(spec, of_claim ? "/pvc" : "/storage");
    const json_t *size = machine_value(storage, REQUEST);
    auto_free char *rest = xasprintf("/spec/%s" REQUEST, of_claim ? "pvc" : "storage");
    if (!json_is_object(spec))
        return; /* reported, or a parameter's */
    const struct appliance_object *source = is_clone(spec) ? find_source(scope, index, spec) : NULL;
    if (is_open(storage))
        return;
    if (size == NULL) {
        bool populated = machine_value(storage, "/dataSource") != NULL ||
                         machine_value(storage, "/dataSourceRef") != NULL;
        if (!populated)
            check_absent(scope, index, spec, rest, of_claim);
        return;
    }
    if ((json_is_string(size) && appliance_check_is_open(json_string_value(size))) ||
        !machine_quantity(size, &quantity))
        return; /* not known yet; or not a quantity, which is reported */
    if (quantity < (annotations_quantity)MEBI * BILLION) {
        auto_free char *shown = show(size);
        appliance_check_error(
            scope, APPLIANCE_TEMPLATES, index, rest, "must be at least 1Mi, not %s", shown);
        return;
    }
    check_source_size(scope, index, rest, source, size);
}
