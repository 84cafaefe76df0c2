/* Applies RFC 6902 patches of the operations add, replace and remove, for tests. */
#ifndef TESTS_UNIT_RFC6902_H
#define TESTS_UNIT_RFC6902_H

#include <jansson.h>

#include "base/json.h"
#include "base/text.h"

#include <string.h>

/* Applies one operation to *document. Returns 0, or -1 if it fails according to RFC 6902. */
static inline int rfc6902_apply_one(json_t **document, const json_t *operation)
{
    const char *op = json_get_string(operation, "op");
    const char *path = json_get_string(operation, "path");
    json_t *value = json_object_get(operation, "value");
    if (op == NULL || path == NULL || streq(op, "remove") != (value == NULL))
        return -1;
    if (streq(path, "")) {
        json_decref(*document);
        *document = json_deep_copy(value);
        return streq(op, "replace") ? 0 : -1;
    }
    const char *last = strrchr(path, '/');
    auto_free char *parent_path = xstrndup(path, (size_t)(last - path));
    auto_free char *escaped = xstrdup(last + 1);
    auto_free char *key = xcalloc(strlen(escaped) + 1, 1);
    for (size_t i = 0, k = 0; escaped[i] != '\0'; i++) {
        bool escape = escaped[i] == '~';
        i += escape;
        key[k++] = !escape ? escaped[i] : escaped[i] == '1' ? '/' : '~';
    }
    json_t *parent = json_pointer_get(*document, parent_path);
    bool add = streq(op, "add");
    if (json_is_object(parent)) {
        if (!add && json_object_get(parent, key) == NULL)
            return -1;
        return value == NULL ? json_object_del(parent, key)
                             : json_object_set_new(parent, key, json_deep_copy(value));
    }
    long index = 0;
    long most = (long)json_array_size(parent) - !add;
    if (!json_is_array(parent) || !text_parse_int(key, 0, most, &index))
        return -1;
    if (value == NULL)
        return json_array_remove(parent, (size_t)index);
    json_t *copy = json_deep_copy(value);
    return add ? json_array_insert_new(parent, (size_t)index, copy)
               : json_array_set_new(parent, (size_t)index, copy);
}

/* The patched document, as a deep copy; NULL if an operation fails. */
static inline json_t *rfc6902_apply(const json_t *document, const json_t *patch)
{
    auto_json json_t *result = json_deep_copy(document);
    size_t index = 0;
    json_t *operation = NULL;
    json_array_foreach (patch, index, operation) {
        if (rfc6902_apply_one(&result, operation) != 0)
            return NULL;
    }
    return steal(&result);
}

#endif
