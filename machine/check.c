#include "machine/check.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

enum {
    LONGEST_SHOWN = 64,
    MOST_LISTED = 12, /* names in a message */
};

static void check_value(const struct machine_field *field, const json_t *value, const char *pointer,
    struct findings *findings);

/* The end of what stands below a field. */
static const struct machine_field *end_of(const struct machine_field *parent)
{
    size_t count = 0;
    const struct machine_field *table = machine_fields(&count);
    const struct machine_field *field = parent + 1;
    while (field < table + count && text_starts_with(field->path, parent->path) &&
           field->path[strlen(parent->path)] == '.')
        field++;
    return field;
}

/* The name of a field as a member of its parent, and how long it is; NULL for what stands deeper
 * below it. */
static const char *member_name(
    const struct machine_field *parent, const struct machine_field *field, size_t *length)
{
    const char *name = field->path + strlen(parent->path) + 1;
    *length = strcspn(name, "[");
    return strchr(name, '.') == NULL ? name : NULL;
}

static const struct machine_field *find_member(const struct machine_field *parent, const char *key)
{
    const struct machine_field *end = end_of(parent);
    for (const struct machine_field *field = parent + 1; field < end; field++) {
        size_t length = 0;
        const char *name = member_name(parent, field, &length);
        if (name != NULL && strlen(key) == length && strncmp(name, key, length) == 0)
            return field;
    }
    return NULL;
}

/* Adds the error for a member that the table does not have. */
static void refuse_member(
    const struct machine_field *parent, const char *pointer, const char *key, struct findings *out)
{
    char *names[MACHINE_MAX_MEMBERS];
    size_t count = 0;
    const struct machine_field *end = end_of(parent);
    for (const struct machine_field *field = parent + 1; field < end; field++) {
        size_t length = 0;
        const char *name = member_name(parent, field, &length);
        if (name != NULL && count < MACHINE_MAX_MEMBERS)
            names[count++] = xstrndup(name, length);
    }
    auto_free char *hint = suggest_hint(key, (const char *const *)names, count);
    auto_free char *list = hint[0] == '\0' && count > 0 && count <= MOST_LISTED
                               ? text_list_all((const char *const *)names, count)
                               : NULL;
    findings_error(out, pointer, "is not supported by hook-launcher%s%s%s", hint,
        list != NULL ? "; known here: " : "", list != NULL ? list : "");
    for (size_t i = 0; i < count; i++)
        free(names[i]);
}

static bool is_empty_string(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) == 0;
}

static void check_object(const struct machine_field *field, const json_t *object,
    const char *pointer, struct findings *findings)
{
    const char *key = NULL;
    json_t *value = NULL;
    /* json_object_foreach takes no const object, and changes nothing */
    json_object_foreach ((json_t *)object, key, value) {
        if (json_is_null(value))
            continue;
        auto_free char *place = json_pointer_join(pointer, key);
        const struct machine_field *member = find_member(field, key);
        if (member != NULL && member->required && is_empty_string(value))
            continue;
        if (member != NULL) {
            check_value(member, value, place, findings);
        } else {
            refuse_member(field, place, key, findings);
        }
    }
    const struct machine_field *end = end_of(field);
    for (const struct machine_field *member = field + 1; member < end; member++) {
        size_t length = 0;
        const char *name = member_name(field, member, &length);
        if (!member->required || name == NULL)
            continue;
        auto_free char *required = xstrndup(name, length);
        value = json_object_get(object, required);
        if (value == NULL || json_is_null(value) || is_empty_string(value)) {
            auto_free char *place = json_pointer_join(pointer, required);
            findings_error(findings, place, "is required");
        }
    }
}

static void check_array(const struct machine_field *field, const json_t *array, const char *pointer,
    struct findings *findings)
{
    if (json_array_size(array) > MACHINE_MAX_ITEMS) {
        findings_error(findings, pointer, "has %zu items; at most %d are allowed",
            json_array_size(array), MACHINE_MAX_ITEMS);
        return;
    }
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach ((json_t *)array, i, item) {
        auto_free char *place = json_pointer_index(pointer, i);
        if (json_is_object(item)) {
            check_object(field, item, place, findings);
        } else {
            findings_error(findings, place, "must be an object, not %s", json_kind(item));
        }
    }
}

static bool is_printable(const json_t *string)
{
    const char *text = json_string_value(string);
    size_t length = json_string_length(string);
    auto_free char *shown = text_printable(text, length, length);
    /* the two characters beyond ASCII that XML does not have */
    return streq(shown, text) && strstr(text, "\uFFFE") == NULL && strstr(text, "\uFFFF") == NULL;
}

static bool is_name(const json_t *string)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *text = json_string_value(string);
    size_t length = json_string_length(string);
    return length > 0 && length <= MACHINE_MAX_NAME && strspn(text, allowed) == length;
}

static void check_string(const struct machine_field *field, const json_t *string,
    const char *pointer, struct findings *findings)
{
    size_t length = json_string_length(string);
    auto_free char *shown = text_printable(json_string_value(string), length, LONGEST_SHOWN);
    if (field->kind == MACHINE_NAME && !is_name(string)) {
        findings_error(findings, pointer,
            "must be 1 to %d letters, digits, hyphens and underscores, not \"%s\"",
            MACHINE_MAX_NAME, shown);
    }
    if (field->kind == MACHINE_STRING && !is_printable(string))
        findings_error(findings, pointer, "has characters that cannot be printed: \"%s\"", shown);
    if (field->values == NULL)
        return;
    size_t count = 0;
    while (field->values[count] != NULL)
        count++;
    if (text_index(json_string_value(string), field->values, count) >= 0)
        return;
    auto_free char *list = text_list(field->values, count);
    auto_free char *hint = suggest_hint(json_string_value(string), field->values, count);
    findings_error(findings, pointer, "must be %s, not \"%s\"%s", list, shown, hint);
}

static void check_integer(const struct machine_field *field, const json_t *value,
    const char *pointer, struct findings *findings)
{
    long long number = json_integer_value(value);
    if (number < field->min || number > field->max) {
        findings_error(findings, pointer, "must be a whole number from %lld to %lld, not %lld",
            field->min, field->max, number);
    }
}

static void check_quantity(const json_t *value, const char *pointer, struct findings *findings)
{
    annotations_quantity quantity = 0;
    if (machine_quantity(value, &quantity))
        return;
    auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer, "must be a quantity, such as 512Mi or 2, not %s", shown);
}

/* Whether the value is of the field's kind as far as JSON goes. */
static bool is_of_kind(enum machine_field_kind kind, const json_t *value)
{
    switch (kind) {
    case MACHINE_STRING:
    case MACHINE_NAME:
    case MACHINE_TEXT:
        return json_is_string(value);
    case MACHINE_INTEGER:
        return json_is_integer(value);
    case MACHINE_BOOLEAN:
        return json_is_boolean(value);
    case MACHINE_QUANTITY:
        return json_is_string(value) || json_is_number(value);
    case MACHINE_OBJECT:
        return json_is_object(value);
    case MACHINE_ARRAY:
        return json_is_array(value);
    case MACHINE_SCHEDULING:
        return true;
    }
    return false;
}

static void check_value(const struct machine_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    static const char *const wanted[] = {
        [MACHINE_STRING] = "a string",
        [MACHINE_NAME] = "a string",
        [MACHINE_TEXT] = "a string",
        [MACHINE_BOOLEAN] = "true or false",
        [MACHINE_QUANTITY] = "a quantity, such as 512Mi or 2",
        [MACHINE_OBJECT] = "an object",
        [MACHINE_ARRAY] = "an array of objects",
    };
    if (field->kind == MACHINE_INTEGER && !json_is_integer(value)) {
        auto_free char *shown =
            json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : xstrdup(json_kind(value));
        findings_error(findings, pointer, "must be a whole number from %lld to %lld, not %s",
            field->min, field->max, shown);
        return;
    }
    if (!is_of_kind(field->kind, value)) {
        findings_error(
            findings, pointer, "must be %s, not %s", wanted[field->kind], json_kind(value));
        return;
    }
    switch (field->kind) {
    case MACHINE_STRING:
    case MACHINE_NAME:
        check_string(field, value, pointer, findings);
        break;
    case MACHINE_INTEGER:
        check_integer(field, value, pointer, findings);
        break;
    case MACHINE_QUANTITY:
        check_quantity(value, pointer, findings);
        break;
    case MACHINE_OBJECT:
        check_object(field, value, pointer, findings);
        break;
    case MACHINE_ARRAY:
        check_array(field, value, pointer, findings);
        break;
    case MACHINE_TEXT:
    case MACHINE_BOOLEAN:
    case MACHINE_SCHEDULING:
        break;
    }
}

void machine_check(const json_t *vmi, struct findings *findings)
{
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec", "status"};
    size_t count = 0;
    const struct machine_field *spec = machine_fields(&count);
    if (!json_is_object(vmi)) {
        findings_error(findings, "", "must be a VirtualMachineInstance, not %s", json_kind(vmi));
        return;
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)vmi, key, value) {
        if (text_index(key, known, ARRAY_SIZE(known)) >= 0)
            continue;
        auto_free char *place = json_pointer_join("", key);
        auto_free char *hint = suggest_hint(key, known, ARRAY_SIZE(known));
        findings_error(findings, place, "is not supported by hook-launcher%s", hint);
    }
    const char *kind = machine_string(vmi, "/kind");
    if (kind != NULL && !streq(kind, "VirtualMachineInstance")) {
        auto_free char *shown = text_printable(kind, strlen(kind), LONGEST_SHOWN);
        findings_error(findings, "/kind", "must be VirtualMachineInstance, not \"%s\"", shown);
    }
    if (machine_value(vmi, "/spec") == NULL) {
        findings_error(findings, "/spec", "is required");
        return;
    }
    check_value(spec, machine_value(vmi, "/spec"), "/spec", findings);
}
