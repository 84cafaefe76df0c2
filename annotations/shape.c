#include "annotations/shape.h"

#include <stdint.h>
#include <string.h>

#include "annotations/schema.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 80, MOST_FIELDS = 16 };

struct shape {
    bool strict;
    struct findings *findings;
};

static json_t *check_members(const struct shape *shape, const json_t *object,
    const struct annotations_field *parent, const char *pointer);

static void add_wrong_type(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    const char *article = strchr("aeiou", field->type[0]) != NULL ? "an" : "a";
    findings_error(
        shape->findings, pointer, "must be %s %s, not %s", article, field->type, json_kind(value));
}

/* Adds an error when the field has a list of values and value is none of them. */
static void check_enumeration(const struct shape *shape, const struct annotations_field *field,
    const char *value, const char *pointer)
{
    size_t count = 0;
    for (; field->values != NULL && field->values[count] != NULL; count++) {
        if (streq(field->values[count], value))
            return;
    }
    if (count == 0)
        return;
    auto_free char *shown = text_printable(value, strlen(value), LONGEST_SHOWN);
    auto_free char *hint = suggest_hint(value, field->values, count);
    auto_free char *names = text_list(field->values, count);
    findings_error(shape->findings, pointer, "must be %s, not \"%s\"%s", names, shown, hint);
}

static json_t *check_string(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    if (!json_is_string(value)) {
        add_wrong_type(shape, field, value, pointer);
        return NULL;
    }
    check_enumeration(shape, field, json_string_value(value), pointer);
    return json_incref((json_t *)(uintptr_t)value);
}

static json_t *check_integer(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= field->minimum && number <= field->maximum)
        return json_incref((json_t *)(uintptr_t)value);
    auto_free char *shown =
        json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : xstrdup(json_kind(value));
    findings_error(shape->findings, pointer, "must be a whole number from %d to %d, not %s",
        field->minimum, field->maximum, shown);
    return NULL;
}

/* Kubernetes also takes a JSON number, as it is written; jansson keeps what is written of whole
 * numbers only. */
static json_t *check_quantity(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    if (json_is_string(value))
        return json_incref((json_t *)(uintptr_t)value);
    if (json_is_integer(value))
        return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_real(value))
        findings_error(shape->findings, pointer,
            "must be written as a string, so that no digit is lost: \"%g\"",
            json_real_value(value));
    else
        add_wrong_type(shape, field, value, pointer);
    return NULL;
}

/* One item of an array: never NULL, so that the others keep their places. */
static json_t *check_item(const struct shape *shape, const struct annotations_field *field,
    const json_t *item, const char *pointer)
{
    bool strings = field->kind == ANNOTATIONS_STRINGS;
    if (strings ? json_is_string(item) : json_is_object(item)) {
        if (!strings)
            return check_members(shape, item, field, pointer);
        check_enumeration(shape, field, json_string_value(item), pointer);
        return json_incref((json_t *)(uintptr_t)item);
    }
    findings_error(shape->findings, pointer, "must be %s, as every item of %s, not %s",
        strings ? "a string" : "an object", annotations_field_name(field), json_kind(item));
    return strings ? json_string("") : json_object();
}

static json_t *check_array(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    if (!json_is_array(value)) {
        add_wrong_type(shape, field, value, pointer);
        return NULL;
    }
    json_t *items = json_array();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (value, index, item) {
        auto_free char *place = json_pointer_index(pointer, index);
        json_array_append_new(items, check_item(shape, field, item, place));
    }
    return items;
}

/* What is right of the value of a field: a new reference, or NULL. */
static json_t *check_value(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    switch (field->kind) {
    case ANNOTATIONS_STRING:
        return check_string(shape, field, value, pointer);
    case ANNOTATIONS_INTEGER:
        return check_integer(shape, field, value, pointer);
    case ANNOTATIONS_QUANTITY:
        return check_quantity(shape, field, value, pointer);
    case ANNOTATIONS_STRINGS:
    case ANNOTATIONS_OBJECTS:
        return check_array(shape, field, value, pointer);
    case ANNOTATIONS_OBJECT:
        if (json_is_object(value))
            return check_members(shape, value, field, pointer);
        break;
    case ANNOTATIONS_BOOLEAN:
        if (json_is_boolean(value))
            return json_incref((json_t *)(uintptr_t)value);
        break;
    }
    add_wrong_type(shape, field, value, pointer);
    return NULL;
}

/* Go's zero values say the same as no value. */
static bool is_absent(const struct annotations_field *field, const json_t *value)
{
    if (field->kind == ANNOTATIONS_STRING)
        return value == NULL || (json_is_string(value) && json_string_length(value) == 0);
    if (field->kind == ANNOTATIONS_STRINGS || field->kind == ANNOTATIONS_OBJECTS)
        return value == NULL || (json_is_array(value) && json_array_size(value) == 0);
    return value == NULL;
}

static json_t *check_members(const struct shape *shape, const json_t *object,
    const struct annotations_field *parent, const char *pointer)
{
    const char *known[MOST_FIELDS];
    size_t count = 0;
    json_t *right = json_object();
    for (const struct annotations_field *field = annotations_field_child(parent); field != NULL;
         field = annotations_field_next(field)) {
        const char *name = annotations_field_name(field);
        json_t *value = field_take(object, name, pointer, shape->findings);
        known[count++] = name;
        if (is_absent(field, value)) {
            if (!field->required)
                continue;
            auto_free char *place = json_pointer_join(pointer, name);
            findings_error(shape->findings, place, "is required: %s", field->rule);
        } else if (streq(field->path, "hostPath")) {
            json_object_set(right, name, value); /* hostpath_parse checks it */
        } else {
            auto_free char *place = json_pointer_join(pointer, name);
            json_t *checked = check_value(shape, field, value, place);
            if (checked != NULL)
                json_object_set_new(right, name, checked);
        }
    }
    field_check_unknown(object, known, count, pointer, shape->strict, shape->findings);
    return right;
}

json_t *annotations_shape_check(
    const json_t *value, const char *pointer, bool strict, struct findings *findings)
{
    struct shape shape = {.strict = strict, .findings = findings};
    if (json_is_object(value))
        return check_members(&shape, value, NULL, pointer);
    if (json_is_null(value))
        findings_error(findings, pointer,
            "null is no sidecar; {} is one with the default image and no settings");
    else
        findings_error(findings, pointer, "must be an object that describes one sidecar, not %s",
            json_kind(value));
    return NULL;
}
