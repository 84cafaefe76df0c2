#include "appliance/check_matchers.h"

#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

struct matcher {
    const char *pointer;
    const char *member; /* of the spec */
    enum appliance_kind kinds[2]; /* the default one first */
};

static const struct matcher matchers[] = {
    {"/spec/instancetype", "instancetype",
        {APPLIANCE_CLUSTER_INSTANCETYPE, APPLIANCE_INSTANCETYPE}},
    {"/spec/preference", "preference", {APPLIANCE_CLUSTER_PREFERENCE, APPLIANCE_PREFERENCE}},
};

/* Adds an error at a member of the matcher. */
static void refuse(const struct appliance_check_scope *scope, const struct matcher *matcher,
    const char *member, const char *message)
{
    auto_free char *pointer = xasprintf("%s%s", matcher->pointer, member);
    findings_error(scope->findings, pointer, "%s", message);
}

/* Singular and plural in any letter case are the same. */
static void check_kind(
    const struct appliance_check_scope *scope, const struct matcher *matcher, const json_t *value)
{
    const char *kind = machine_string(value, "/kind");
    const char *names[ARRAY_SIZE(matcher->kinds)];
    if (kind == NULL || appliance_check_is_open(kind))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        names[i] = appliance_kind_name(matcher->kinds[i]);
        if (strcasecmp(kind, names[i]) == 0 ||
            strcasecmp(kind, appliance_kind_plural(matcher->kinds[i])) == 0)
            return;
    }
    auto_free char *list = text_list(names, ARRAY_SIZE(names));
    auto_free char *shown = appliance_check_shown(kind);
    auto_free char *message =
        xasprintf("must be %s (any letter case, plural too), not \"%s\"", list, shown);
    refuse(scope, matcher, "/kind", message);
}

/* What is inferred has no name or kind of its own, and a volume to infer from. */
static void check_inference(
    const struct appliance_check_scope *scope, const struct matcher *matcher, const json_t *value)
{
    static const char *const excluded[] = {"name", "kind"};
    size_t found = 0;
    const char *volume = machine_string(value, "/inferFromVolume");
    if (volume == NULL)
        return;
    auto_free char *others = appliance_check_members(value, excluded, ARRAY_SIZE(excluded), &found);
    if (found > 0) {
        auto_free char *message = xasprintf("not together with %s", others);
        refuse(scope, matcher, "/inferFromVolume", message);
    }
    if (scope->open_volumes || appliance_check_is_open(volume) ||
        appliance_check_has(scope->volumes, volume))
        return;
    auto_free char *shown = appliance_check_shown(volume);
    auto_free char *hint = appliance_check_hint(scope->volumes, volume);
    auto_free char *message = xasprintf("no volume is called \"%s\"%s", shown, hint);
    refuse(scope, matcher, "/inferFromVolume", message);
}

static void check_policy(
    const struct appliance_check_scope *scope, const struct matcher *matcher, const json_t *value)
{
    static const char *const policies[] = {"Ignore", "Reject"};
    const char *policy = machine_string(value, "/inferFromVolumeFailurePolicy");
    if (policy == NULL || appliance_check_is_open(policy) ||
        text_index(policy, policies, ARRAY_SIZE(policies)) >= 0)
        return;
    auto_free char *shown = appliance_check_shown(policy);
    auto_free char *hint = suggest_hint(policy, policies, ARRAY_SIZE(policies));
    auto_free char *message = xasprintf("must be Ignore or Reject, not \"%s\"%s", shown, hint);
    refuse(scope, matcher, "/inferFromVolumeFailurePolicy", message);
}

void appliance_check_matchers(const struct appliance_check_scope *scope)
{
    for (size_t i = 0; i < ARRAY_SIZE(matchers); i++) {
        const struct matcher *matcher = &matchers[i];
        const json_t *value = json_object_get(scope->spec, matcher->member);
        if (json_object_size(value) == 0) /* {} refers to nothing */
            continue;
        check_kind(scope, matcher, value);
        check_inference(scope, matcher, value);
        check_policy(scope, matcher, value);
        if (machine_value(value, "/name") == NULL &&
            machine_value(value, "/inferFromVolume") == NULL)
            refuse(scope, matcher, "", "has neither name nor inferFromVolume");
    }
}
