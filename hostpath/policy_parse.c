#include "hostpath/policy_parse.h"

#include "base/file.h"
#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"

#define API_VERSION "hookline.dev/v1alpha1"
#define KIND "HostPathPolicy"
#define READ_ONLY_REQUIRED "required"

enum {
    POLICY_LIMIT = 1024 * 1024, /* bytes of a policy file */
    MOST_SIDECARS = 64, /* the limit of an annotation */
};

/* An empty glob or path is a mistake: it would match nothing. */
static bool check_not_empty(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    if (json_string_length(value) > 0)
        return true;
    findings_error(findings, pointer, "must not be empty");
    return false;
}

static bool check_prefix(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    return check_not_empty(field, value, pointer, findings) &&
           hostpath_check_path(json_string_value(value), pointer, findings);
}

static const char *const api_versions[] = {API_VERSION, NULL};
static const char *const kinds[] = {KIND, NULL};
static const char *const read_only_values[] = {READ_ONLY_REQUIRED, "optional", NULL};

/* An empty list or a member without a value could be read as allowing everything. */
#define STRINGS .kind = SCHEMA_STRINGS, .minimum = 1

static const struct schema_field fields[] = {
    {.path = "apiVersion",
        .kind = SCHEMA_STRING,
        .required = true,
        .values = api_versions,
        .rule = API_VERSION},
    {.path = "kind", .kind = SCHEMA_STRING, .required = true, .values = kinds, .rule = KIND},
    {.path = "metadata", .kind = SCHEMA_OBJECT},
    {.path = "metadata.name", .kind = SCHEMA_ANY},
    {.path = "metadata.labels", .kind = SCHEMA_ANY},
    {.path = "metadata.annotations", .kind = SCHEMA_ANY},
    {.path = "rules", .kind = SCHEMA_OBJECTS},
    {.path = "rules[].namespaces", STRINGS, .check = check_not_empty},
    {.path = "rules[].pathPrefixes",
        STRINGS,
        .required = true,
        .check = check_prefix,
        .rule = "the paths to allow, with everything below them"},
    {.path = "rules[].types", STRINGS, .values = hostpath_type_names},
    {.path = "rules[].readOnly", .kind = SCHEMA_STRING, .values = read_only_values},
    {.path = "images", STRINGS, .check = check_not_empty},
    {.path = "maxSidecars", .kind = SCHEMA_INTEGER, .maximum = MOST_SIDECARS},
    {.path = NULL},
};

static const struct schema schema = {
    .fields = fields, .null = SCHEMA_NULL_REFUSED, .any_case = true};

/* The places of checked paths. New reference. */
static json_t *places_of(const json_t *paths)
{
    json_t *places = json_array();
    for (size_t i = 0; i < json_array_size(paths); i++) {
        auto_free char *place = hostpath_normalize(json_string_value(json_array_get(paths, i)));
        json_array_append_new(places, json_string(place));
    }
    return places;
}

/* Fills the policy from its checked fields. */
static void take_policy(struct hostpath_policy *policy)
{
    const json_t *rules = json_object_get(policy->root, "rules");
    const json_t *most = json_object_get(policy->root, "maxSidecars");
    policy->rules = xcalloc(json_array_size(rules), sizeof(*policy->rules));
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *read_only = text_or(json_get_string(rule, "readOnly"), "");
        policy->rules[policy->rule_count++] = (struct hostpath_rule){
            .namespaces = json_object_get(rule, "namespaces"),
            .path_prefixes = json_object_get(rule, "pathPrefixes"),
            .places = places_of(json_object_get(rule, "pathPrefixes")),
            .types = json_object_get(rule, "types"),
            .read_only = streq(read_only, READ_ONLY_REQUIRED),
        };
    }
    policy->images = json_object_get(policy->root, "images");
    policy->max_sidecars = most != NULL ? (size_t)json_integer_value(most) : MOST_SIDECARS;
}

/* Sets an error with the first finding, its place, and the number of further findings. */
static int fail(const char *name, const struct yaml_document *document,
    const struct findings *findings, struct error **err)
{
    const struct finding *first = &findings->items[0];
    struct yaml_place place = yaml_place_of(document, first->pointer);
    auto_free char *text = finding_text(first);
    size_t more = findings->errors + findings->warnings - 1;
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
        policy->root = schema_check(&schema, stream.documents[0].root, "", &findings);
        if (findings.count > 0)
            status = fail(name, &stream.documents[0], &findings, err);
        else
            take_policy(policy);
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
