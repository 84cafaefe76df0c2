#include "hostpath/policy_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

#define API_VERSION "hookline.dev/v1alpha1"
#define KIND "HostPathPolicy"

enum {
    POLICY_LIMIT = 1024 * 1024, /* bytes of a policy file */
    MOST_SIDECARS = 64, /* what an annotation may have without a policy */
    LONGEST_SHOWN = 80,
};

/* Checks that value is an object with no other members than the known ones, spelt like them. A
 * member without a value is refused: it would read as if it allowed everything. */
static bool check_object(const json_t *value, const char *const *known, size_t count,
    const char *pointer, struct findings *findings)
{
    if (!json_is_object(value)) {
        findings_error(findings, pointer, "must be an object, not %s", json_kind(value));
        return false;
    }
    const char *key = NULL;
    json_t *member = NULL;
    field_check_unknown(value, known, count, pointer, true, findings);
    /* json_object_foreach takes no const object, and changes nothing */
    json_object_foreach ((json_t *)value, key, member) {
        auto_free char *place = json_pointer_join(pointer, key);
        if (json_is_null(member))
            findings_error(findings, place, "has no value: give it one, or leave it out");
    }
    return true;
}

/* The array of strings at name, or NULL when there is none. Borrowed. */
static json_t *take_strings(
    const json_t *object, const char *name, const char *pointer, struct findings *findings)
{
    json_t *strings = field_take(object, name, pointer, findings);
    if (strings == NULL)
        return NULL;
    auto_free char *place = json_pointer_join(pointer, name);
    if (!json_is_array(strings)) {
        findings_error(findings, place, "must be an array of strings, not %s", json_kind(strings));
        return NULL;
    }
    if (json_array_size(strings) == 0) {
        findings_error(findings, place, "is empty; at least 1 item is required");
        return NULL;
    }
    size_t index = 0;
    json_t *item = NULL;
    bool right = true;
    json_array_foreach (strings, index, item) {
        if (json_string_length(item) > 0)
            continue;
        auto_free char *item_place = json_pointer_index(place, index);
        if (json_is_string(item))
            findings_error(findings, item_place, "must not be empty");
        else
            findings_error(findings, item_place, "must be a string, not %s", json_kind(item));
        right = false;
    }
    return right ? strings : NULL;
}

static json_t *take_prefixes(const json_t *object, const char *pointer, struct findings *findings)
{
    json_t *prefixes = take_strings(object, "pathPrefixes", pointer, findings);
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (prefixes, index, item) {
        auto_free char *place = xasprintf("%s/pathPrefixes/%zu", pointer, index);
        hostpath_check_path(json_string_value(item), place, findings);
    }
    if (json_object_get(object, "pathPrefixes") == NULL) {
        auto_free char *place = json_pointer_join(pointer, "pathPrefixes");
        findings_error(findings, place, "is required: the paths below which everything is allowed");
    }
    return prefixes;
}

static json_t *take_types(const json_t *object, const char *pointer, struct findings *findings)
{
    json_t *types = take_strings(object, "types", pointer, findings);
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (types, index, item) {
        enum hostpath_type type;
        auto_error struct error *err = NULL;
        if (hostpath_type_parse(json_string_value(item), &type, &err) == 0)
            continue;
        auto_free char *place = xasprintf("%s/types/%zu", pointer, index);
        findings_error(findings, place, "%s", err->message);
    }
    return types;
}

static bool take_read_only(const json_t *object, const char *pointer, struct findings *findings)
{
    const json_t *value = field_take(object, "readOnly", pointer, findings);
    const char *text = json_string_value(value);
    bool required = text != NULL && streq(text, "required");
    if (value == NULL || required || (text != NULL && streq(text, "optional")))
        return required;
    auto_free char *place = json_pointer_join(pointer, "readOnly");
    if (text == NULL) {
        findings_error(findings, place, "must be required or optional, not %s", json_kind(value));
        return true;
    }
    static const char *const values[] = {"required", "optional"};
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    auto_free char *hint = suggest_hint(text, values, ARRAY_SIZE(values));
    findings_error(findings, place, "must be required or optional, not \"%s\"%s", shown, hint);
    return true;
}

static struct hostpath_rule take_rule(
    const json_t *value, const char *pointer, struct findings *findings)
{
    static const char *const fields[] = {"namespaces", "pathPrefixes", "types", "readOnly"};
    struct hostpath_rule rule = {0};
    if (check_object(value, fields, ARRAY_SIZE(fields), pointer, findings)) {
        rule.namespaces = take_strings(value, "namespaces", pointer, findings);
        rule.path_prefixes = take_prefixes(value, pointer, findings);
        rule.types = take_types(value, pointer, findings);
        rule.read_only = take_read_only(value, pointer, findings);
    }
    return rule;
}

static void take_rules(
    struct hostpath_policy *policy, const json_t *object, struct findings *findings)
{
    const json_t *rules = field_take(object, "rules", "", findings);
    if (rules != NULL && !json_is_array(rules))
        findings_error(findings, "/rules", "must be an array of objects, not %s", json_kind(rules));
    policy->rules = xcalloc(json_array_size(rules), sizeof(*policy->rules));
    for (size_t i = 0; i < json_array_size(rules); i++) {
        auto_free char *place = json_pointer_index("/rules", i);
        policy->rules[policy->rule_count++] = take_rule(json_array_get(rules, i), place, findings);
    }
}

static size_t take_max_sidecars(const json_t *object, struct findings *findings)
{
    const json_t *value = field_take(object, "maxSidecars", "", findings);
    json_int_t most = value == NULL ? MOST_SIDECARS : json_integer_value(value);
    bool right = value == NULL || (json_is_integer(value) && most >= 0 && most <= MOST_SIDECARS);
    if (!right) {
        auto_free char *shown =
            json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : xstrdup(json_kind(value));
        findings_error(findings, "/maxSidecars", "must be a whole number from 0 to %d, not %s",
            MOST_SIDECARS, shown);
    }
    return right ? (size_t)most : 0;
}

static void check_constant(
    const json_t *object, const char *name, const char *expected, struct findings *findings)
{
    const json_t *value = field_take(object, name, "", findings);
    const char *text = json_string_value(value);
    auto_free char *place = json_pointer_join("", name);
    if (value == NULL || (text != NULL && text[0] == '\0')) {
        findings_error(findings, place, "is required: %s", expected);
    } else if (text == NULL) {
        findings_error(findings, place, "must be %s, not %s", expected, json_kind(value));
    } else if (!streq(text, expected)) {
        auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
        auto_free char *hint = suggest_hint(text, &expected, 1);
        findings_error(findings, place, "must be %s, not \"%s\"%s", expected, shown, hint);
    }
}

static void take_policy(
    struct hostpath_policy *policy, const json_t *object, struct findings *findings)
{
    static const char *const fields[] = {
        "apiVersion", "kind", "metadata", "rules", "images", "maxSidecars"};
    static const char *const metadata_fields[] = {"name", "labels", "annotations"};
    if (!check_object(object, fields, ARRAY_SIZE(fields), "", findings))
        return;
    check_constant(object, "apiVersion", API_VERSION, findings);
    check_constant(object, "kind", KIND, findings);
    const json_t *metadata = field_take(object, "metadata", "", findings);
    if (metadata != NULL)
        check_object(metadata, metadata_fields, ARRAY_SIZE(metadata_fields), "/metadata", findings);
    take_rules(policy, object, findings);
    policy->images = take_strings(object, "images", "", findings);
    policy->max_sidecars = take_max_sidecars(object, findings);
}

/* Sets an error that says the first finding with its place, and how many more there are. */
static int fail(const char *name, const struct yaml_document *document,
    const struct findings *findings, struct error **err)
{
    const struct finding *first = &findings->items[0];
    struct yaml_place place = yaml_place_of(document, first->pointer);
    auto_free char *text = finding_text(first);
    size_t more = findings->count - 1;
    auto_free char *tail =
        more == 0 ? xstrdup("") : xasprintf(" (and %zu more fault%s)", more, more == 1 ? "" : "s");
    return error_set(
        err, ERROR_INPUT, "%s:%zu:%zu: %s%s", name, place.line, place.column, text, tail);
}

static int read_policy(struct hostpath_policy *policy, const char *name, const char *text,
    size_t length, struct error **err)
{
    struct yaml_stream stream = {0};
    if (yaml_parse(name, text, length, &stream, err) < 0)
        return -1;
    struct findings findings = {0};
    int status = 0;
    if (stream.count == 1) {
        policy->root = json_incref(stream.documents[0].root);
        take_policy(policy, policy->root, &findings);
        if (findings.count > 0)
            status = fail(name, &stream.documents[0], &findings, err);
    } else {
        status = error_set(err, ERROR_INPUT, "%s:1:1: must be one document of kind %s, not %zu",
            name, KIND, stream.count);
    }
    findings_clear(&findings);
    yaml_stream_clear(&stream);
    return status;
}

/* Keeps the reason why policy denies everything, and moves it to *err. */
static void keep_reason(struct hostpath_policy *policy, struct error *reason, struct error **err)
{
    policy->reason = xstrdup(reason->message);
    error_move(err, reason);
}

struct hostpath_policy *hostpath_policy_parse(
    const char *name, const char *text, size_t length, struct error **err)
{
    struct hostpath_policy *policy = xcalloc(1, sizeof(*policy));
    struct error *reason = NULL;
    if (read_policy(policy, name, text, length, &reason) < 0)
        keep_reason(policy, reason, err);
    return policy;
}

struct hostpath_policy *hostpath_policy_read(const char *path, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    struct error *reason = NULL;
    if (file_read(path, POLICY_LIMIT, &text, &length, &reason) == 0)
        return hostpath_policy_parse(streq(path, "-") ? "<stdin>" : path, text, length, err);
    struct hostpath_policy *policy = xcalloc(1, sizeof(*policy));
    keep_reason(policy, reason, err);
    return policy;
}
