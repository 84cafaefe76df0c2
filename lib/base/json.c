#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

size_t json_depth(const json_t *value, size_t limit)
{
    size_t deepest = 0;
    if (!json_is_array(value) && !json_is_object(value))
        return 0;
    if (limit == 0)
        return 1;
    size_t index = 0;
    const char *key = NULL;
    json_t *child = NULL;
    json_array_foreach (value, index, child) {
        size_t depth = json_depth(child, limit - 1);
        deepest = depth > deepest ? depth : deepest;
    }
    /* json_object_foreach does not take a const object, but does not change it */
    json_object_foreach ((json_t *)value, key, child) {
        size_t depth = json_depth(child, limit - 1);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

json_t *json_parse_placed(
    const char *text, size_t length, size_t max_depth, struct json_fault *fault, struct error **err)
{
    json_error_t reason;
    auto_json json_t *value =
        json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
    bool too_deep = value == NULL ? json_error_code(&reason) == json_error_stack_overflow
                                  : json_depth(value, max_depth) > max_depth;
    *fault = (struct json_fault){0};
    if (too_deep) {
        error_set(err, ERROR_INPUT, "JSON is nested deeper than %zu levels", max_depth);
        return NULL;
    }
    if (value != NULL)
        return steal(&value);
    fault->line = reason.line > 0 ? (size_t)reason.line : 1;
    fault->column = reason.column > 0 ? (size_t)reason.column : 1;
    /* jansson's position is past the character that it rejects */
    fault->byte = reason.position > 0 ? (size_t)reason.position - 1 : 0;
    auto_free char *shown = text_printable(reason.text, strlen(reason.text), sizeof(reason.text));
    bool is_zero_byte = json_error_code(&reason) == json_error_null_character;
    error_set(err, ERROR_INPUT, "not valid JSON: %s",
        is_zero_byte ? "a string contains a zero byte (\\u0000)" : shown);
    return NULL;
}

json_t *json_parse(const char *text, size_t length, size_t max_depth, struct error **err)
{
    struct json_fault fault;
    json_t *value = json_parse_placed(text, length, max_depth, &fault, err);
    if (value == NULL && fault.line > 0)
        error_wrap(err, "line %zu, column %zu", fault.line, fault.column);
    return value;
}

const char *json_kind(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

char *json_pointer_join(const char *pointer, const char *key)
{
    size_t length = strlen(pointer);
    char *out = xmalloc(length + 1 + 2 * strlen(key) + 1);
    memcpy(out, pointer, length);
    out[length++] = '/';
    for (; *key != '\0'; key++) {
        bool escape = *key == '~' || *key == '/';
        if (escape)
            out[length++] = '~';
        out[length++] = *key == '~' ? '0' : *key == '/' ? '1' : *key;
    }
    out[length] = '\0';
    return out;
}

char *json_pointer_index(const char *pointer, size_t index)
{
    return xasprintf("%s/%zu", pointer, index);
}

char *json_pointer_token(const char *token, size_t length)
{
    char *key = xmalloc(length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        bool escaped = token[i] == '~' && i + 1 < length;
        if (escaped)
            i++;
        key[used++] = !escaped ? token[i] : token[i] == '1' ? '/' : '~';
    }
    key[used] = '\0';
    return key;
}

/* The member or item that a token of a JSON Pointer names, or NULL. Borrowed. */
static json_t *step_into(const json_t *value, const char *token, size_t length)
{
    long index = 0;
    if (!json_is_array(value))
        return json_object_getn(value, token, length);
    auto_free char *number = xstrndup(token, length);
    return text_parse_int(number, 0, INT32_MAX, &index) ? json_array_get(value, (size_t)index)
                                                        : NULL;
}

json_t *json_pointer_get(const json_t *root, const char *pointer)
{
    json_t *value = (json_t *)root;
    while (value != NULL && *pointer == '/') {
        const char *token = pointer + 1;
        size_t length = 0;
        bool is_escaped = false;
        for (; token[length] != '\0' && token[length] != '/'; length++)
            is_escaped |= token[length] == '~';
        pointer = token + length;
        if (!is_escaped) { /* as most are */
            value = step_into(value, token, length);
        } else {
            auto_free char *key = json_pointer_token(token, length);
            value = step_into(value, key, strlen(key));
        }
    }
    return value;
}

const char *json_get_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool json_same_string(const json_t *a, const json_t *b, const char *key)
{
    return streq(text_or(json_get_string(a, key), ""), text_or(json_get_string(b, key), ""));
}

json_t *json_item_named(const json_t *list, const char *name, size_t *index)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach (list, i, item) {
        const char *its_name = json_get_string(item, "name");
        if (its_name == NULL || !streq(its_name, name))
            continue;
        if (index != NULL)
            *index = i;
        return item;
    }
    return NULL;
}
