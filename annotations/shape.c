#include "annotations/shape.h"

#include <string.h>

#include "base/field.h"
#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 80 };

struct shape {
    bool strict;
    struct findings *findings;
};

/* What is right of an object: first is the first of the fields that it may have, and the others are
 * those after it. */
static json_t *check_members(const struct shape *shape, const json_t *object,
    const struct annotations_field *first, const char *pointer);

/* The pointer of a field within the object at pointer. Made only for a finding or for what is
 * inside. Owned by the caller. */
static char *place_of(const struct annotations_field *field, const char *pointer)
{
    return json_pointer_join(pointer, annotations_field_name(field));
}

static size_t count_values(const struct annotations_field *field)
{
    size_t count = 0;
    while (field->values[count] != NULL)
        count++;
    return count;
}

/* The error for a value that is not of its field's type; NULL, so that a caller can return it. */
static json_t *wrong_type(const struct shape *shape, const struct annotations_field *field,
    const json_t *value, const char *pointer)
{
    auto_free char *place = place_of(field, pointer);
    if (field->values != NULL && field->kind == ANNOTATIONS_STRING) {
        auto_free char *names = text_list(field->values, count_values(field));
        findings_error(shape->findings, place, "must be %s, not %s", names, json_kind(value));
        return NULL;
    }
    bool quantity = field->kind == ANNOTATIONS_QUANTITY;
    const char *article = strchr("aeiou", field->type[0]) != NULL ? "an" : "a";
    findings_error(shape->findings, place, "must be %s %s, not %s", article,
        quantity ? "quantity, such as 512Mi or 2" : field->type, json_kind(value));
    return NULL;
}

/* Whether the field has no list of values, or value is one of them. */
static bool is_allowed(const struct annotations_field *field, const char *value)
{
    if (field->values == NULL)
        return true;
    for (size_t i = 0; field->values[i] != NULL; i++) {
        if (streq(field->values[i], value))
            return true;
    }
    return false;
}

static void add_not_allowed(const struct shape *shape, const struct annotations_field *field,
    const char *value, const char *place)
{
    size_t count = count_values(field);
    auto_free char *shown = text_printable(value, strlen(value), LONGEST_SHOWN);
    auto_free char *hint = suggest_hint(value, field->values, count);
    auto_free char *names = text_list(field->values, count);
    findings_error(shape->findings, place, "must be %s, not \"%s\"%s", names, shown, hint);
}

static json_t *check_string(const struct shape *shape, const struct annotations_field *field,
    json_t *value, const char *pointer)
{
    if (!json_is_string(value))
        return wrong_type(shape, field, value, pointer);
    if (!is_allowed(field, json_string_value(value))) {
        auto_free char *place = place_of(field, pointer);
        add_not_allowed(shape, field, json_string_value(value), place);
    }
    return json_incref(value);
}

static json_t *check_integer(const struct shape *shape, const struct annotations_field *field,
    json_t *value, const char *pointer)
{
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= field->minimum && number <= field->maximum)
        return json_incref(value);
    auto_free char *place = place_of(field, pointer);
    auto_free char *shown =
        json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : xstrdup(json_kind(value));
    findings_error(shape->findings, place, "must be a whole number from %d to %d, not %s",
        field->minimum, field->maximum, shown);
    return NULL;
}

/* Kubernetes also takes a JSON number, as it is written; jansson keeps what is written of whole
 * numbers only. */
static json_t *check_quantity(const struct shape *shape, const struct annotations_field *field,
    json_t *value, const char *pointer)
{
    if (json_is_string(value))
        return json_incref(value);
    if (json_is_integer(value))
        return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (!json_is_real(value))
        return wrong_type(shape, field, value, pointer);
    auto_free char *place = place_of(field, pointer);
    findings_error(shape->findings, place,
        "must be written as a string, so that no digit is lost: \"%g\"", json_real_value(value));
    return NULL;
}

/* One item of an array: never NULL, so that the others keep their places. */
static json_t *check_item(const struct shape *shape, const struct annotations_field *field,
    json_t *item, const char *array_place, size_t index)
{
    bool strings = field->kind == ANNOTATIONS_STRINGS;
    if (strings && json_is_string(item) && is_allowed(field, json_string_value(item)))
        return json_incref(item);
    auto_free char *place = json_pointer_index(array_place, index);
    if (!strings && json_is_object(item))
        return check_members(shape, item, annotations_field_child(field), place);
    if (strings && json_is_string(item))
        add_not_allowed(shape, field, json_string_value(item), place);
    else
        findings_error(shape->findings, place, "must be %s, not %s",
            strings ? "a string" : "an object", json_kind(item));
    return strings ? json_string("") : json_object();
}

static json_t *check_array(const struct shape *shape, const struct annotations_field *field,
    json_t *value, const char *pointer)
{
    if (!json_is_array(value))
        return wrong_type(shape, field, value, pointer);
    auto_free char *place = place_of(field, pointer);
    json_t *items = json_array();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (value, index, item) {
        json_array_append_new(items, check_item(shape, field, item, place, index));
    }
    return items;
}

static json_t *check_object(const struct shape *shape, const struct annotations_field *field,
    json_t *value, const char *pointer)
{
    if (!json_is_object(value))
        return wrong_type(shape, field, value, pointer);
    auto_free char *place = place_of(field, pointer);
    return check_members(shape, value, annotations_field_child(field), place);
}

/* What is right of the value of a field in the object at pointer: a new reference, or NULL. */
static json_t *check_value(const struct shape *shape, const struct annotations_field *field,
    json_t *value, const char *pointer)
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
        return check_object(shape, field, value, pointer);
    case ANNOTATIONS_BOOLEAN:
        break;
    }
    return json_is_boolean(value) ? json_incref(value) : wrong_type(shape, field, value, pointer);
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

static size_t count_fields(const struct annotations_field *first)
{
    size_t count = 0;
    for (; first != NULL; first = annotations_field_next(first))
        count++;
    return count;
}

static json_t *check_members(const struct shape *shape, const json_t *object,
    const struct annotations_field *first, const char *pointer)
{
    auto_free const char **known = xcalloc(count_fields(first), sizeof(*known));
    size_t count = 0;
    json_t *right = json_object();
    for (const struct annotations_field *field = first; field != NULL;
         field = annotations_field_next(field)) {
        const char *name = annotations_field_name(field);
        json_t *value = field_take(object, name, pointer, shape->findings);
        known[count++] = name;
        if (is_absent(field, value)) {
            if (!field->required)
                continue;
            auto_free char *place = place_of(field, pointer);
            findings_error(shape->findings, place, "is required: %s", field->rule);
        } else if (streq(field->path, "hostPath")) {
            json_object_set(right, name, value); /* hostpath_parse checks it */
        } else {
            json_t *checked = check_value(shape, field, value, pointer);
            if (checked != NULL)
                json_object_set_new(right, name, checked);
        }
    }
    field_check_unknown(object, known, count, pointer, shape->strict, shape->findings);
    return right;
}

json_t *annotations_shape_check(const struct annotations_field *fields, const json_t *value,
    const char *pointer, bool strict, struct findings *findings)
{
    struct shape shape = {.strict = strict, .findings = findings};
    if (json_is_object(value))
        return check_members(&shape, value, fields, pointer);
    if (json_is_null(value))
        findings_error(findings, pointer,
            "null is not a sidecar; {} is one with the default image and no settings");
    else
        findings_error(findings, pointer, "must be an object that describes one sidecar, not %s",
            json_kind(value));
    return NULL;
}
