#include "machine/value.h"

#include "base/json.h"
#include "base/text.h"

enum { BILLIONTHS = 1000000000 };

const json_t *machine_value(const json_t *root, const char *pointer)
{
    const json_t *value = root != NULL ? json_pointer_get(root, pointer) : NULL;
    return json_is_null(value) ? NULL : value;
}

const char *machine_string(const json_t *root, const char *pointer)
{
    const char *text = json_string_value(machine_value(root, pointer));
    return text != NULL && text[0] != '\0' ? text : NULL;
}

bool machine_boolean(const json_t *root, const char *pointer, bool default_value)
{
    const json_t *value = machine_value(root, pointer);
    return json_is_boolean(value) ? json_boolean_value(value) : default_value;
}

long long machine_integer(const json_t *root, const char *pointer, long long default_value)
{
    const json_t *value = machine_value(root, pointer);
    return json_is_integer(value) ? json_integer_value(value) : default_value;
}

const json_t *machine_item_named(const json_t *array, const char *name)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *found = machine_string(json_array_get(array, i), "/name");
        if (found != NULL && streq(found, name))
            return json_array_get(array, i);
    }
    return NULL;
}

bool machine_refers(const json_t *object, const char *key)
{
    return json_string_length(json_object_get(json_object_get(object, key), "name")) > 0;
}

bool machine_quantity(const json_t *value, annotations_quantity *out)
{
    if (json_is_string(value))
        return annotations_quantity_parse(json_string_value(value), out);
    if (!json_is_number(value))
        return false;
    auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
    return text != NULL && annotations_quantity_parse(text, out);
}

long long machine_whole(const json_t *root, const char *pointer, bool up)
{
    annotations_quantity quantity = 0;
    const json_t *value = machine_value(root, pointer);
    if (value == NULL || !machine_quantity(value, &quantity))
        return 0;
    return (long long)((quantity + (up ? BILLIONTHS - 1 : 0)) / BILLIONTHS);
}
