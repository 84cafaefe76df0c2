#include "annotations/parse.h"

#include <stdlib.h>
#include <string.h>

#include "annotations/fields.h"
#include "annotations/mount_check.h"
#include "base/json.h"
#include "base/json_read.h"

/* Whether text has only JSON white space. */
static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            return false;
    }
    return true;
}

/* Refuses a text within the limit of bytes that would still be costly to check. Returns NULL. */
static json_t *refuse_values(struct error **err)
{
    error_set(err, ERROR_INPUT, "is too complex: it has more than %d JSON values",
        ANNOTATIONS_MAX_VALUES);
    return NULL;
}

/* Returns the annotation's array: a new reference, or NULL with the reason among the findings. */
static json_t *read_array(const char *text, size_t length, struct findings *findings)
{
    if (length > ANNOTATIONS_MAX_BYTES) {
        findings_error(findings, "", "is %zu bytes long; at most %d bytes are allowed", length,
            ANNOTATIONS_MAX_BYTES);
        return NULL;
    }
    if (is_blank(text, length))
        return json_array();
    struct json_fault fault = {0};
    struct error *error = NULL;
    auto_json json_t *value =
        json_read_count(text, length) > ANNOTATIONS_MAX_VALUES
            ? refuse_values(&error)
            : json_parse_placed(text, length, ANNOTATIONS_MAX_DEPTH, &fault, &error);
    if (value == NULL) {
        findings_add_fault(findings, "", &fault, error);
        return NULL;
    }
    if (json_is_null(value))
        return json_array();
    if (!json_is_array(value)) {
        findings_error(findings, "",
            "must be a JSON array with an object for each sidecar, not %s%s", json_kind(value),
            json_is_object(value) ? ": put [ ] around it" : "");
        return NULL;
    }
    if (json_array_size(value) > ANNOTATIONS_MAX_SIDECARS) {
        findings_error(findings, "", "has %zu sidecars; at most %d are allowed",
            json_array_size(value), ANNOTATIONS_MAX_SIDECARS);
        return NULL;
    }
    return steal(&value);
}

/* Returns the valid part of one entry: a new reference, or NULL if it is not an object. */
static json_t *check_shape(
    const json_t *value, const char *pointer, bool strict, struct findings *findings)
{
    struct schema schema = annotations_schema;
    schema.lenient = !strict;
    if (json_is_object(value))
        return schema_check(&schema, value, pointer, findings);
    if (json_is_null(value))
        findings_error(findings, pointer,
            "null is not a sidecar; {} is one with the default image and no settings");
    else
        findings_error(findings, pointer, "must be an object that describes one sidecar, not %s",
            json_kind(value));
    return NULL;
}

struct annotations_list *annotations_parse(const char *text, size_t length,
    const struct annotations_options *options, struct findings *findings)
{
    static const struct annotations_options defaults = {0};
    size_t errors = findings->errors;
    if (options == NULL)
        options = &defaults;
    auto_json json_t *array = read_array(text, length, findings);
    if (array == NULL)
        return NULL;

    auto_annotations_list struct annotations_list *list = xcalloc(1, sizeof(*list));
    list->count = json_array_size(array);
    list->sidecars = xcalloc(list->count, sizeof(*list->sidecars));
    if (options->policy != NULL)
        hostpath_policy_check_count(options->policy,
            options->namespace != NULL ? options->namespace : "default", list->count, "", findings);
    for (size_t i = 0; i < list->count; i++) {
        auto_free char *pointer = json_pointer_index("", i);
        size_t first = findings->count;
        auto_json json_t *shaped =
            check_shape(json_array_get(array, i), pointer, options->strict, findings);
        if (shaped != NULL)
            annotations_check_sidecar(
                shaped, pointer, options, &list->sidecars[i], findings, first);
    }
    annotations_mount_check_list(list, findings);
    return findings->errors == errors ? steal(&list) : NULL;
}

/* Returns the text of annotations[key], or NULL; a value that is not a string is an error. */
static const char *find_text(const json_t *annotations, const char *key, struct findings *findings)
{
    const json_t *value = json_object_get(annotations, key);
    const char *text = json_string_value(value);
    if (value == NULL || (text != NULL && strlen(text) == json_string_length(value)))
        return text;
    auto_free char *pointer = json_pointer_join("", key);
    if (text != NULL) {
        findings_error(findings, pointer, "contains a zero byte (\\u0000)");
        return NULL;
    }
    findings_error(findings, pointer,
        "must be a string that holds a JSON array, not %s: put it in quotes", json_kind(value));
    return NULL;
}

const char *annotations_find(
    const json_t *annotations, const char *only_key, const char **key, struct findings *findings)
{
    *key = NULL;
    if (only_key != NULL) {
        const char *text = find_text(annotations, only_key, findings);
        *key = text != NULL ? only_key : NULL;
        return text;
    }
    if (json_object_get(annotations, ANNOTATIONS_KEY_KUBEVIRT) != NULL &&
        json_object_get(annotations, ANNOTATIONS_KEY_HOOKLINE) != NULL) {
        auto_free char *pointer = json_pointer_join("", ANNOTATIONS_KEY_HOOKLINE);
        findings_error(findings, pointer,
            "conflicts with " ANNOTATIONS_KEY_KUBEVIRT ": keep only one of the two");
        return NULL;
    }
    const char *text = NULL;
    static const char *const keys[] = {ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE};
    for (size_t i = 0; i < ARRAY_SIZE(keys) && text == NULL; i++) {
        text = find_text(annotations, keys[i], findings);
        *key = text != NULL ? keys[i] : NULL;
    }
    return text;
}
