#include "annotations/check.h"

#include <string.h>

#include "annotations/fields.h"
#include "annotations/quantity.h"
#include "base/json.h"
#include "base/text.h"
#include "hooks/protocol.h"

enum { LONGEST_SHOWN = 80 };

/* The sidecar that is being checked. */
struct check {
    const char *pointer; /* of the sidecar */
    const struct annotations_options *options;
    struct findings *findings;
    size_t first; /* of the sidecar's findings; those before it are about others */
};

static const char *policy_namespace(const struct check *check)
{
    return check->options->namespace != NULL ? check->options->namespace : "default";
}

/* Returns the pointer to a value of the sidecar. Owned by the caller. */
static char *place_of(const struct check *check, const char *tail)
{
    return xasprintf("%s%s", check->pointer, tail);
}

static void check_image(const struct check *check, const char *image)
{
    auto_free char *place = place_of(check, "/image");
    if (check->options->policy != NULL)
        hostpath_policy_check_image(
            check->options->policy, policy_namespace(check), image, place, check->findings);
}

static struct annotations_config_map *take_config_map(const json_t *object)
{
    struct annotations_config_map *config_map = xcalloc(1, sizeof(*config_map));
    config_map->name = json_get_string(object, "name");
    config_map->key = json_get_string(object, "key");
    config_map->hook_path = json_get_string(object, "hookPath");
    return config_map;
}

static struct annotations_pvc *take_pvc(const json_t *object)
{
    struct annotations_pvc *pvc = xcalloc(1, sizeof(*pvc));
    pvc->name = json_get_string(object, "name");
    pvc->volume_path = json_get_string(object, "volumePath");
    pvc->shared_compute_path = json_get_string(object, "sharedComputePath");
    return pvc;
}

/* Whether there is an error at a field of the sidecar. */
static bool is_wrong(const struct check *check, const char *tail)
{
    auto_free char *place = place_of(check, tail);
    return findings_has_error_at(check->findings, check->first, place);
}

static struct hostpath *check_host_path(const struct check *check, const json_t *object)
{
    struct hostpath *hostpath = hostpath_new(object);
    if (check->options->policy == NULL || hostpath->path == NULL ||
        is_wrong(check, "/hostPath/type") || is_wrong(check, "/hostPath/readOnly"))
        return hostpath;
    auto_free char *place = place_of(check, "/hostPath");
    hostpath_policy_check_path(
        check->options->policy, policy_namespace(check), hostpath, place, check->findings);
    return hostpath;
}

/* Checks the quantity of one resource in "requests" or "limits"; returns whether there is one to
 * compare. */
static bool check_quantity(const struct check *check, const char *part,
    const struct schema_field *field, const char *text, annotations_quantity *out)
{
    static const unsigned billionths = 1000000000;
    if (text == NULL)
        return false;
    const char *name = schema_name(field);
    bool is_valid = annotations_quantity_parse(text, out);
    if (is_valid && (*out % billionths == 0 || streq(name, "cpu")))
        return true;
    auto_free char *place = xasprintf("%s/resources/%s/%s", check->pointer, part, name);
    if (is_valid)
        findings_warning(check->findings, place,
            "\"%s\" is not a whole number of bytes: m means thousandths, Mi means mebibytes", text);
    else
        schema_invalid(field, text, place, check->findings);
    return is_valid;
}

static json_t *check_resources(const struct check *check, const json_t *object)
{
    const json_t *requests = json_object_get(object, "requests");
    const json_t *limits = json_object_get(object, "limits");
    const struct schema_field *field =
        schema_child(&annotations_schema, schema_find(&annotations_schema, "resources.requests"));
    for (; field != NULL; field = schema_next(field)) {
        const char *name = schema_name(field);
        const char *request = json_get_string(requests, name);
        const char *limit = json_get_string(limits, name);
        annotations_quantity least = 0;
        annotations_quantity most = 0;
        bool has_request = check_quantity(check, "requests", field, request, &least);
        bool has_limit = check_quantity(check, "limits", field, limit, &most);
        if (!has_request || !has_limit || least <= most)
            continue;
        auto_free char *place = xasprintf("%s/resources/requests/%s", check->pointer, name);
        findings_error(check->findings, place, "\"%s\" is above the limit, \"%s\"", request, limit);
    }
    json_t *resources = json_object();
    if (json_object_size(requests) > 0)
        json_object_set(resources, "requests", json_object_get(object, "requests"));
    if (json_object_size(limits) > 0)
        json_object_set(resources, "limits", json_object_get(object, "limits"));
    if (json_object_size(resources) > 0)
        return resources;
    json_decref(resources);
    return NULL;
}

/* seen has the index of each earlier variable, by name. */
static void check_env_name(const struct check *check, json_t *seen, const char *name, size_t index)
{
    const json_t *earlier = json_object_get(seen, name);
    if (earlier == NULL) {
        json_object_set_new(seen, name, json_integer((json_int_t)index));
        return;
    }
    auto_free char *place = xasprintf("%s/env/%zu/name", check->pointer, index);
    findings_error(check->findings, place, "%s is already set by env[%" JSON_INTEGER_FORMAT "]",
        name, json_integer_value(earlier));
}

static void check_env(const struct check *check, const json_t *env)
{
    auto_json json_t *seen = json_object();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (env, index, item) {
        const char *name = json_get_string(item, "name");
        if (name != NULL)
            check_env_name(check, seen, name, index);
    }
}

/* Returns the value of the last --version among args, as pflag reads them: "" if it has none, NULL
 * if there is no --version. Borrowed. */
static const char *shim_version(const json_t *args)
{
    static const char flag[] = "--version";
    const char *version = NULL;
    for (size_t i = 0; i < json_array_size(args); i++) {
        const char *arg = json_string_value(json_array_get(args, i));
        if (streq(arg, "--"))
            break;
        if (streq(arg, flag)) {
            version = text_or(json_string_value(json_array_get(args, ++i)), "");
        } else if (text_starts_with(arg, "--version=")) {
            version = arg + sizeof(flag);
        }
    }
    return version;
}

/* The shim of the default image exits at once unless it is given a protocol version that it
 * supports. A command replaces the shim. If image, command or args is invalid, its value is not
 * known. */
static void check_shim_version(const struct check *check, const struct annotations_sidecar *sidecar)
{
    static const char *const fields[] = {"/image", "/command", "/args"};
    if (sidecar->image != NULL || sidecar->command != NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (is_wrong(check, fields[i]))
            return;
    }
    const char *version = shim_version(sidecar->args);
    if (version != NULL && hooks_version_find(version) < HOOKS_VERSIONS)
        return;
    auto_free char *place = place_of(check, sidecar->args != NULL ? "/args" : "");
    if (version == NULL) {
        findings_warning(check->findings, place,
            "the default image exits at once without --version: add \"args\": [\"--version\", "
            "\"" HOOKS_VERSION_NEWEST "\"]");
        return;
    }
    auto_free char *shown = text_printable(version, strlen(version), LONGEST_SHOWN);
    auto_free char *known = hooks_version_list();
    findings_warning(check->findings, place,
        "the default image exits at once with --version \"%s\": use %s", shown, known);
}

static enum annotations_failure_policy failure_policy(const json_t *shaped)
{
    const char *name = json_get_string(shaped, "failurePolicy");
    return name != NULL && streq(name, "Ignore") ? ANNOTATIONS_IGNORE : ANNOTATIONS_FAIL;
}

void annotations_check_sidecar(json_t *shaped, const char *pointer,
    const struct annotations_options *options, struct annotations_sidecar *sidecar,
    struct findings *findings, size_t first)
{
    struct check check = {
        .pointer = pointer, .options = options, .findings = findings, .first = first};
    const json_t *part = NULL;

    sidecar->object = json_incref(shaped);
    sidecar->image = json_get_string(shaped, "image");
    if (sidecar->image != NULL)
        check_image(&check, sidecar->image);
    sidecar->command = json_object_get(shaped, "command");
    sidecar->args = json_object_get(shaped, "args");
    check_shim_version(&check, sidecar);
    if ((part = json_object_get(shaped, "configMap")) != NULL)
        sidecar->config_map = take_config_map(part);
    if ((part = json_object_get(shaped, "pvc")) != NULL)
        sidecar->pvc = take_pvc(part);
    if ((part = json_object_get(shaped, "hostPath")) != NULL)
        sidecar->host_path = check_host_path(&check, part);
    if ((part = json_object_get(shaped, "resources")) != NULL)
        sidecar->resources = check_resources(&check, part);
    sidecar->env = json_object_get(shaped, "env");
    if (sidecar->env != NULL)
        check_env(&check, sidecar->env);
    sidecar->pod_info = json_object_get(shaped, "downwardAPI") != NULL;
    json_t *timeout = json_object_get(shaped, "timeoutSeconds");
    sidecar->timeout_seconds =
        timeout != NULL ? (int)json_integer_value(timeout) : ANNOTATIONS_TIMEOUT_DEFAULT;
    sidecar->failure_policy = failure_policy(shaped);
}
