#include "base/schema.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/schema_level.h"
#include "base/text.h"

enum {
    LONGEST_SHOWN = 80,
    MOST_LISTED = 16, /* names in a message */
};

/* A value within the object that is checked. Its pointer is created only when it is needed. */
struct place {
    struct place *above; /* NULL: the object itself */
    const char *key; /* NULL: an item of an array */
    size_t index;
    char *pointer; /* NULL: not created yet; owned, except for the object itself */
};

struct walk {
    const struct schema *schema;
    struct findings *findings;
    bool only_faults; /* what is right is not put together: values stand for themselves */
};

/* An object's value for a field. */
struct slot {
    json_t *right; /* owned */
    bool named; /* a member has its name */
    bool given; /* with a value, valid or not */
};

/* An object that is being checked. */
struct object {
    const json_t *json;
    struct schema_level level;
    struct place *place;
    struct slot *slots; /* one for each row that the level goes through; owned */
    json_t *right; /* owned; with only_faults, the object itself */
};

static json_t *check_object(const struct walk *walk, const struct schema_level *level,
    const json_t *value, struct place *place);

static const char *pointer_of(struct place *place)
{
    if (place->pointer == NULL && place->above != NULL) {
        const char *above = pointer_of(place->above);
        place->pointer = place->key != NULL ? json_pointer_join(above, place->key)
                                            : json_pointer_index(above, place->index);
    }
    return place->pointer;
}

/* Adds the error for a value of the wrong kind. Returns false. */
static bool wrong_kind(
    const struct walk *walk, const char *wanted, const json_t *value, struct place *place)
{
    findings_error(
        walk->findings, pointer_of(place), "must be %s, not %s", wanted, json_kind(value));
    return false;
}

/* Checks that value is a string, and one of those that the field allows. */
static bool check_text(const struct walk *walk, const struct schema_field *field,
    const json_t *value, struct place *place)
{
    const char *text = json_string_value(value);
    if (field->values == NULL)
        return text != NULL || wrong_kind(walk, "a string", value, place);
    size_t count = 0;
    while (field->values[count] != NULL)
        count++;
    if (text != NULL && text_index(text, field->values, count) >= 0)
        return true;
    auto_free char *names = text_list(field->values, count);
    if (text == NULL)
        return wrong_kind(walk, names, value, place);
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    auto_free char *hint = suggest_hint(text, field->values, count);
    findings_error(
        walk->findings, pointer_of(place), "must be %s, not \"%s\"%s", names, shown, hint);
    return false;
}

static bool check_length(const struct walk *walk, const struct schema_field *field,
    const json_t *value, struct place *place)
{
    if (field->maximum == 0 || json_string_length(value) <= (size_t)field->maximum)
        return true;
    findings_error(walk->findings, pointer_of(place), "is longer than %lld bytes", field->maximum);
    return false;
}

/* What an integer may be, as far as a message should say it. Owned by the caller. */
static char *range_of(const struct schema_field *field)
{
    if (field->maximum < LLONG_MAX)
        return xasprintf(" from %lld to %lld", field->minimum, field->maximum);
    if (field->minimum > LLONG_MIN)
        return xasprintf(" of at least %lld", field->minimum);
    return xstrdup("");
}

static bool check_integer(const struct walk *walk, const struct schema_field *field,
    const json_t *value, struct place *place)
{
    long long number = json_integer_value(value);
    if (json_is_integer(value) && number >= field->minimum && number <= field->maximum)
        return true;
    auto_free char *shown =
        json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : xstrdup(json_kind(value));
    auto_free char *range = range_of(field);
    findings_error(
        walk->findings, pointer_of(place), "must be a whole number%s, not %s", range, shown);
    return false;
}

/* Runs the field's own check of a value. */
static bool check_rest(const struct walk *walk, const struct schema_field *field,
    const json_t *value, struct place *place)
{
    return field->check == NULL || field->check(field, value, pointer_of(place), walk->findings);
}

static bool check_count(const struct walk *walk, const struct schema_field *field,
    const json_t *array, struct place *place)
{
    size_t count = json_array_size(array);
    if (count < (size_t)field->minimum)
        findings_error(walk->findings, pointer_of(place),
            "has %zu items; at least %lld %s required", count, field->minimum,
            field->minimum == 1 ? "is" : "are");
    else if (field->maximum > 0 && count > (size_t)field->maximum)
        findings_error(walk->findings, pointer_of(place), "has %zu items; at most %lld are allowed",
            count, field->maximum);
    else
        return true;
    return false;
}

/* Whether a value stands for one that is not known yet. */
static bool stands_in(const struct walk *walk, const json_t *value, bool text)
{
    return walk->schema->stands_in != NULL && walk->schema->stands_in(value, text);
}

/* An item of an array: a new reference, never NULL, so that the others keep their places. */
static json_t *check_item(const struct walk *walk, const struct schema_field *field,
    const struct schema_level *level, json_t *item, struct place *place)
{
    if (stands_in(walk, item, field->kind == SCHEMA_STRINGS))
        return json_incref(item);
    if (field->kind == SCHEMA_STRINGS) {
        bool is_right =
            check_text(walk, field, item, place) && check_rest(walk, field, item, place);
        return is_right || walk->only_faults ? json_incref(item) : json_string("");
    }
    json_t *right = check_object(walk, level, item, place);
    return right != NULL || walk->only_faults ? right : json_object();
}

static json_t *check_array(const struct walk *walk, const struct schema_field *field,
    const json_t *value, struct place *place)
{
    bool strings = field->kind == SCHEMA_STRINGS;
    if (!json_is_array(value)) {
        wrong_kind(walk, strings ? "an array of strings" : "an array of objects", value, place);
        return NULL;
    }
    if (!check_count(walk, field, value, place))
        return NULL;
    struct schema_level level = {0};
    if (!strings)
        level = schema_level_below(walk->schema, field);
    json_t *items = walk->only_faults ? json_incref((json_t *)value) : json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct place item_place = {.above = place, .index = i};
        json_t *item = check_item(walk, field, &level, json_array_get(value, i), &item_place);
        if (walk->only_faults)
            json_decref(item);
        else
            json_array_append_new(items, item);
        free(item_place.pointer);
    }
    return items;
}

/* A quantity: a new reference, or NULL. */
static json_t *check_quantity(const struct walk *walk, json_t *value, struct place *place)
{
    if (json_is_integer(value))
        return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_string(value) || json_is_real(value))
        return json_incref(value);
    wrong_kind(walk, "a quantity, such as 512Mi or 2", value, place);
    return NULL;
}

/* A member of an object with any keys: a new reference, or NULL. */
static json_t *check_member(
    const struct walk *walk, const struct schema_field *field, json_t *value, struct place *place)
{
    if (field->kind == SCHEMA_MAP) {
        bool is_right = json_is_string(value) || wrong_kind(walk, "a string", value, place);
        return is_right ? json_incref(value) : NULL;
    }
    json_t *right = check_quantity(walk, value, place);
    if (right == NULL || check_rest(walk, field, value, place))
        return right;
    json_decref(right);
    return NULL;
}

static json_t *check_map(const struct walk *walk, const struct schema_field *field,
    const json_t *value, struct place *place)
{
    if (!json_is_object(value)) {
        wrong_kind(walk, "an object", value, place);
        return NULL;
    }
    json_t *right = walk->only_faults ? json_incref((json_t *)value) : json_object();
    const char *key = NULL;
    json_t *member = NULL;
    /* json_object_foreach does not take a const object, but changes nothing */
    json_object_foreach ((json_t *)value, key, member) {
        struct place member_place = {.above = place, .key = key};
        json_t *its_right = stands_in(walk, member, true)
                                ? json_incref(member)
                                : check_member(walk, field, member, &member_place);
        if (its_right != NULL && !walk->only_faults)
            json_object_set_new_nocheck(right, key, its_right);
        else
            json_decref(its_right);
        free(member_place.pointer);
    }
    return right;
}

/* Returns the valid part of a value, as far as its kind goes: a new reference, or NULL. */
static json_t *check_kind(
    const struct walk *walk, const struct schema_field *field, json_t *value, struct place *place)
{
    bool is_right = true;
    switch (field->kind) {
    case SCHEMA_STRING:
        is_right = check_text(walk, field, value, place) && check_length(walk, field, value, place);
        break;
    case SCHEMA_INTEGER:
        is_right = check_integer(walk, field, value, place);
        break;
    case SCHEMA_BOOLEAN:
        is_right = json_is_boolean(value) || wrong_kind(walk, "true or false", value, place);
        break;
    case SCHEMA_QUANTITY:
        return check_quantity(walk, value, place);
    case SCHEMA_INTEGER_OR_STRING:
        is_right = json_is_integer(value) || json_is_string(value) ||
                   wrong_kind(walk, "a whole number or a string", value, place);
        break;
    case SCHEMA_STRINGS:
    case SCHEMA_OBJECTS:
        return check_array(walk, field, value, place);
    case SCHEMA_OBJECT: {
        const struct schema_level level = schema_level_below(walk->schema, field);
        return check_object(walk, &level, value, place);
    }
    case SCHEMA_MAP:
    case SCHEMA_QUANTITIES:
        return check_map(walk, field, value, place);
    case SCHEMA_ANY:
        break;
    }
    return is_right ? json_incref(value) : NULL;
}

static json_t *check_value(
    const struct walk *walk, const struct schema_field *field, json_t *value, struct place *place)
{
    bool is_text = field->kind == SCHEMA_STRING || field->kind == SCHEMA_QUANTITY ||
                   field->kind == SCHEMA_INTEGER_OR_STRING;
    if (stands_in(walk, value, is_text))
        return json_incref(value);
    json_t *right = check_kind(walk, field, value, place);
    bool by_item = field->kind == SCHEMA_STRINGS || field->kind == SCHEMA_QUANTITIES;
    if (right == NULL || by_item || check_rest(walk, field, value, place))
        return right;
    json_decref(right);
    return NULL;
}

/* Whether a value, which is not null, counts as absent. */
static bool is_absent(
    const struct walk *walk, const struct schema_field *field, const json_t *value)
{
    bool zero = walk->schema->zero_is_absent && !field->takes_empty;
    if (field->kind == SCHEMA_STRING)
        return (zero || field->required) && json_is_string(value) && json_string_length(value) == 0;
    bool is_array = field->kind == SCHEMA_STRINGS || field->kind == SCHEMA_OBJECTS;
    return zero && is_array && json_is_array(value) && json_array_size(value) == 0;
}

/* Handles a member whose name is not in the table. */
static void take_unknown(const struct walk *walk, const struct object *object, const char *key,
    json_t *value, struct place *place)
{
    const struct schema_level *level = &object->level;
    bool lenient = walk->schema->lenient;
    enum finding_severity severity = lenient ? FINDING_WARNING : FINDING_ERROR;
    if (!level->open && findings_is_full(walk->findings, severity)) {
        findings_add(walk->findings, severity, ERROR_INPUT, "", "%s", ""); /* is only counted */
        return;
    }
    auto_free const char **names = xcalloc((size_t)(level->end - level->first), sizeof(*names));
    size_t count = 0;
    const struct schema_field *row = level->first;
    for (; row < level->end; row = schema_level_next(walk->schema, row)) {
        const char *name = schema_level_name(level, row);
        if (name != NULL && row->refused == NULL)
            names[count++] = name;
    }
    auto_free char *hint = suggest_hint(key, names, count);
    auto_free char *misplaced =
        walk->schema->misplaced != NULL
            ? walk->schema->misplaced(walk->schema, key, suggest_nearest(key, names, count))
            : NULL;
    if (misplaced != NULL) {
        findings_add(walk->findings, severity, ERROR_INPUT, pointer_of(place), "%s", misplaced);
        return;
    }
    if (hint[0] == '\0' && level->open) {
        if (!walk->only_faults)
            json_object_set_nocheck(object->right, key, value);
        return;
    }
    bool lists = hint[0] == '\0' && count > 0 && count <= MOST_LISTED;
    auto_free char *list = lists ? text_list_all(names, count) : xstrdup("");
    findings_add(walk->findings, severity, ERROR_INPUT, pointer_of(place), "%s%s%s%s%s",
        text_or(walk->schema->unknown, "is not a known field"), lenient ? " and is ignored" : "",
        hint, lists ? "; known fields: " : "", list);
}

/* Whether the member at place, whose key is a field's name in any letter case, counts as that
 * field. */
static bool take_name(const struct walk *walk, const struct object *object, const struct slot *slot,
    const char *name, struct place *place)
{
    if (streq(place->key, name))
        return true;
    if (slot->named || json_object_get(object->json, name) != NULL) {
        findings_error(walk->findings, pointer_of(place),
            "is \"%s\" again, in another letter case: keep only one of the two", name);
        return false;
    }
    findings_warning(
        walk->findings, pointer_of(place), "is read as \"%s\": use that spelling", name);
    return true;
}

/* Whether the field is refused with this value: not if the value asks for nothing. */
static bool is_refused(const struct schema_field *field, const json_t *value)
{
    bool asks = !json_is_false(value) && !(json_is_array(value) && json_array_size(value) == 0);
    return field->refused != NULL && asks;
}

static void take_known(const struct walk *walk, const struct object *object,
    const struct schema_field *row, struct slot *slot, json_t *value)
{
    struct place place = {.above = object->place, .key = row->path + object->level.offset};
    slot->named = true;
    if (json_is_null(value)) {
        slot->given = walk->schema->null == SCHEMA_NULL_REFUSED;
        if (slot->given)
            findings_error(
                walk->findings, pointer_of(&place), "has no value: give it one, or leave it out");
    } else if (is_refused(row, value)) {
        slot->given = true;
        findings_error(walk->findings, pointer_of(&place), "%s: %s",
            text_or(walk->schema->refused, "is not supported"), row->refused);
    } else if (!is_absent(walk, row, value)) {
        slot->given = true;
        slot->right = check_value(walk, row, value, &place);
    }
    free(place.pointer);
}

static void take_member(
    const struct walk *walk, const struct object *object, const char *key, json_t *value)
{
    if (json_is_null(value) && walk->schema->null == SCHEMA_NULL_SKIPPED)
        return;
    const struct schema_level *level = &object->level;
    struct place place = {.above = object->place, .key = key};
    size_t number = 0;
    const struct schema_field *row = schema_level_find(walk->schema, level, key, &number);
    if (row == NULL)
        take_unknown(walk, object, key, value, &place);
    else if (take_name(walk, object, &object->slots[number], row->path + level->offset, &place))
        take_known(walk, object, row, &object->slots[number], value);
    free(place.pointer);
}

static void require(
    const struct walk *walk, const struct object *object, const struct schema_field *row)
{
    struct place place = {.above = object->place, .key = schema_level_name(&object->level, row)};
    if (place.key == NULL)
        return;
    findings_error(walk->findings, pointer_of(&place), "is required%s%s",
        row->rule != NULL ? ": " : "", text_or(row->rule, ""));
    free(place.pointer);
}

static json_t *check_object(const struct walk *walk, const struct schema_level *level,
    const json_t *value, struct place *place)
{
    if (!json_is_object(value)) {
        wrong_kind(walk, "an object", value, place);
        return NULL;
    }
    size_t count = schema_level_count(walk->schema, level);
    /* not xcalloc: glibc's calloc is slower, as it does not reuse memory that was just freed */
    auto_free struct slot *slots = xreallocarray(NULL, count, sizeof(*slots));
    memset(slots, 0, count * sizeof(*slots));
    const struct object object = {
        .json = value,
        .level = *level,
        .place = place,
        .slots = slots,
        .right = walk->only_faults ? json_incref((json_t *)value) : json_object(),
    };
    const char *key = NULL;
    json_t *member = NULL;
    /* json_object_foreach does not take a const object, but changes nothing */
    json_object_foreach ((json_t *)value, key, member) {
        take_member(walk, &object, key, member);
    }
    struct slot *slot = slots;
    for (const struct schema_field *row = level->first; row < level->end;
         row = schema_level_next(walk->schema, row), slot++) {
        if (slot->right == NULL && row->required && !slot->given)
            require(walk, &object, row);
        if (slot->right != NULL && !walk->only_faults)
            json_object_set_new_nocheck(object.right, row->path + level->offset, slot->right);
        else
            json_decref(slot->right);
    }
    return object.right;
}

json_t *schema_check(const struct schema *schema, const json_t *value, const char *pointer,
    struct findings *findings)
{
    const struct walk walk = {.schema = schema, .findings = findings};
    const struct schema_level level = schema_level_of_root(schema);
    struct place root = {.pointer = (char *)pointer}; /* only read */
    return check_object(&walk, &level, value, &root);
}

bool schema_find_faults(const struct schema *schema, const json_t *value, const char *pointer,
    struct findings *findings)
{
    const struct walk walk = {.schema = schema, .findings = findings, .only_faults = true};
    const struct schema_level level = schema_level_of_root(schema);
    struct place root = {.pointer = (char *)pointer}; /* only read */
    json_t *object = check_object(&walk, &level, value, &root);
    json_decref(object);
    return object != NULL;
}

bool schema_invalid(const struct schema_field *field, const char *text, const char *pointer,
    struct findings *findings)
{
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer, "\"%s\" is not valid: it must be %s", shown, field->rule);
    return false;
}
