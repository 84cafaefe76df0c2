#include "hostpath/policy.h"

#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 200 };

struct hostpath_policy *hostpath_policy_unreadable(const char *reason)
{
    struct hostpath_policy *policy = xcalloc(1, sizeof(*policy));
    policy->reason = xstrdup(reason);
    return policy;
}

struct hostpath_policy *hostpath_policy_missing(const char *reason)
{
    struct hostpath_policy *policy = xcalloc(1, sizeof(*policy));
    policy->missing = xstrdup(reason);
    policy->max_sidecars = SIZE_MAX;
    return policy;
}

void hostpath_policy_free(struct hostpath_policy *policy)
{
    if (policy == NULL)
        return;
    free(policy->reason);
    free(policy->missing);
    for (size_t i = 0; i < policy->rule_count; i++)
        json_decref(policy->rules[i].places);
    free(policy->rules);
    json_decref(policy->root);
    free(policy);
}

/* The first thing in a hostPath that a rule objects to; later ones are nearer to being allowed. */
enum objection { OBJECTION_NAMESPACE, OBJECTION_PATH, OBJECTION_TYPE, OBJECTION_READ_ONLY, NONE };

/* If the policy could not be read, adds that finding and returns true. */
static bool deny_unread(
    const struct hostpath_policy *policy, const char *pointer, struct findings *findings)
{
    if (policy->reason == NULL)
        return false;
    findings_add(findings, FINDING_ERROR, ERROR_POLICY, pointer,
        "is denied: the policy cannot be read and so denies everything: %s", policy->reason);
    return true;
}

/* Whether one of the globs matches the text; without a list of globs, everything matches. */
static bool matches(const json_t *globs, const char *text)
{
    for (size_t i = 0; i < json_array_size(globs); i++) {
        if (fnmatch(json_string_value(json_array_get(globs, i)), text, 0) == 0)
            return true;
    }
    return globs == NULL;
}

/* place may be NULL, and then is below none. */
static bool is_below_one(const char *place, const json_t *prefixes)
{
    for (size_t i = 0; place != NULL && i < json_array_size(prefixes); i++) {
        if (hostpath_place_is_below(place, json_string_value(json_array_get(prefixes, i))))
            return true;
    }
    return false;
}

static bool has_type(const json_t *types, enum hostpath_type type)
{
    for (size_t i = 0; i < json_array_size(types); i++) {
        if (streq(json_string_value(json_array_get(types, i)), hostpath_type_name(type)))
            return true;
    }
    return types == NULL;
}

/* place is that of the hostPath, which is not taken on trust: it may have come from anywhere. */
static enum objection rule_objection(const struct hostpath_rule *rule, const char *namespace,
    const char *place, const struct hostpath *hostpath)
{
    if (!matches(rule->namespaces, namespace))
        return OBJECTION_NAMESPACE;
    if (!is_below_one(place, rule->places))
        return OBJECTION_PATH;
    if (!has_type(rule->types, hostpath->type))
        return OBJECTION_TYPE;
    return rule->read_only && !hostpath->read_only ? OBJECTION_READ_ONLY : NONE;
}

/* The strings of an array as `a, b or c`. Owned by the caller. */
static char *list_of(const json_t *strings)
{
    size_t count = json_array_size(strings);
    auto_free const char **texts = xcalloc(count, sizeof(*texts));
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(strings, i));
    auto_free char *all = text_list(texts, count);
    return text_printable(all, strlen(all), LONGEST_SHOWN);
}

/* Adds a finding at a field of the hostPath at pointer. */
static void deny(struct findings *findings, const char *pointer, const char *field,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

static void deny(
    struct findings *findings, const char *pointer, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_free char *place = json_pointer_join(pointer, field);
    findings_add(findings, FINDING_ERROR, ERROR_POLICY, place, "%s", message);
}

/* Adds the finding why the nearest rule does not allow the hostPath. */
static void deny_by_rule(const struct hostpath_rule *rule, size_t index, enum objection objection,
    const char *namespace, const struct hostpath *hostpath, const char *pointer,
    struct findings *findings)
{
    auto_free char *path = text_printable(hostpath->path, strlen(hostpath->path), LONGEST_SHOWN);
    auto_free char *namespaces = list_of(rule->namespaces);
    auto_free char *prefixes = list_of(rule->path_prefixes);
    auto_free char *types = list_of(rule->types);
    switch (objection) {
    case OBJECTION_NAMESPACE:
        deny(findings, pointer, "path",
            "the policy has no rule for the namespace \"%s\"; rules[%zu] is for %s", namespace,
            index, namespaces);
        break;
    case OBJECTION_PATH:
        deny(findings, pointer, "path",
            "the policy does not allow %s in the namespace \"%s\"; rules[%zu] allows paths at or "
            "below %s",
            path, namespace, index, prefixes);
        break;
    case OBJECTION_TYPE:
        deny(findings, pointer, "type", "the policy allows %s only as %s (rules[%zu]), not as %s",
            path, types, index, hostpath_type_name(hostpath->type));
        break;
    case OBJECTION_READ_ONLY:
        deny(findings, pointer, "readOnly",
            "the policy allows %s only read-only (rules[%zu]): set \"readOnly\": true", path,
            index);
        break;
    case NONE:
        break;
    }
}

void hostpath_policy_check_path(const struct hostpath_policy *policy, const char *namespace,
    const struct hostpath *hostpath, const char *pointer, struct findings *findings)
{
    enum objection nearest = OBJECTION_NAMESPACE;
    size_t nearest_index = 0;
    if (deny_unread(policy, pointer, findings))
        return;
    auto_free char *place = hostpath_place(hostpath->path);
    for (size_t i = 0; i < policy->rule_count; i++) {
        enum objection objection = rule_objection(&policy->rules[i], namespace, place, hostpath);
        if (objection == NONE)
            return;
        if (objection > nearest) {
            nearest = objection;
            nearest_index = i;
        }
    }
    if (policy->missing != NULL)
        deny(findings, pointer, "path", "no hostPath is allowed: %s", policy->missing);
    else if (policy->rule_count == 0)
        deny(findings, pointer, "path", "the policy has no rules, so no hostPath is allowed");
    else
        deny_by_rule(&policy->rules[nearest_index], nearest_index, nearest, namespace, hostpath,
            pointer, findings);
}

void hostpath_policy_check_image(const struct hostpath_policy *policy, const char *namespace,
    const char *image, const char *pointer, struct findings *findings)
{
    if (deny_unread(policy, pointer, findings) || matches(policy->images, image))
        return;
    auto_free char *shown = text_printable(image, strlen(image), LONGEST_SHOWN);
    auto_free char *allowed = list_of(policy->images);
    findings_add(findings, FINDING_ERROR, ERROR_POLICY, pointer,
        "the policy does not allow the image %s in the namespace \"%s\"; it allows %s", shown,
        namespace, allowed);
}

void hostpath_policy_check_count(const struct hostpath_policy *policy, const char *namespace,
    size_t sidecars, const char *pointer, struct findings *findings)
{
    if (deny_unread(policy, pointer, findings) || sidecars <= policy->max_sidecars)
        return;
    findings_add(findings, FINDING_ERROR, ERROR_POLICY, pointer,
        "%zu sidecars are more than the %zu that the policy allows a VM in the namespace \"%s\"",
        sidecars, policy->max_sidecars, namespace);
}
