#include "annotations/patch.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

static void diff(json_t *patch, const char *pointer, const json_t *from, const json_t *to);

/* value is NULL for the operation remove. */
static void add_operation(json_t *patch, const char *op, const char *pointer, const json_t *value)
{
    json_t *operation = json_object();
    json_object_set_new(operation, "op", json_string(op));
    json_object_set_new(operation, "path", json_string(pointer));
    if (value != NULL)
        json_object_set(operation, "value", (json_t *)value);
    json_array_append_new(patch, operation);
}

static void diff_objects(json_t *patch, const char *pointer, const json_t *from, const json_t *to)
{
    const char *key = NULL;
    json_t *value = NULL;
    /* json_object_foreach does not take a const object, but changes nothing */
    json_object_foreach ((json_t *)from, key, value) {
        const json_t *new_value = json_object_get(to, key);
        if (new_value == value)
            continue;
        auto_free char *child = json_pointer_join(pointer, key);
        if (new_value == NULL)
            add_operation(patch, "remove", child, NULL);
        else
            diff(patch, child, value, new_value);
    }
    json_object_foreach ((json_t *)to, key, value) {
        if (json_object_get(from, key) != NULL)
            continue;
        auto_free char *child = json_pointer_join(pointer, key);
        add_operation(patch, "add", child, value);
    }
}

/* Whether two array items are the same object, possibly changed: containers, volumes and variables
 * are identified by name, mounts by their path too.
 * Source: Kubernetes API reference, the merge keys of PodSpec and Container. */
static bool same_item(const json_t *a, const json_t *b)
{
    if (a == b)
        return true;
    if (json_get_string(a, "name") != NULL && json_get_string(b, "name") != NULL)
        return json_same_string(a, b, "name") && json_same_string(a, b, "mountPath");
    return json_equal(a, b);
}

/* A text that two items share only if same_item says so, more or less: a copy of an item that is not
 * a scalar and has no name has another one, which may make a patch longer, but not wrong. Owned by
 * the caller. */
static char *identity(const json_t *item)
{
    const char *name = json_get_string(item, "name");
    if (name != NULL)
        return xasprintf(
            "n%zu %s%s", strlen(name), name, text_or(json_get_string(item, "mountPath"), ""));
    if (json_is_string(item))
        return xasprintf("s%s", json_string_value(item));
    if (json_is_integer(item))
        return xasprintf("i%" JSON_INTEGER_FORMAT, json_integer_value(item));
    return xasprintf("p%p", (const void *)item);
}

/* Returns, for each item, its last position in another array, from 1; 0 if it is not in it. Owned by
 * the caller. */
static size_t *find_last(const json_t *items, const json_t *array)
{
    auto_json json_t *last = json_object();
    size_t *places = xcalloc(json_array_size(items) + 1, sizeof(*places));
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (array, index, item) {
        auto_free char *key = identity(item);
        json_object_set_new_nocheck(last, key, json_integer((json_int_t)index + 1));
    }
    json_array_foreach (items, index, item) {
        auto_free char *key = identity(item);
        places[index] = (size_t)json_integer_value(json_object_get(last, key));
    }
    return places;
}

/* Walks both arrays at once. Element `at` of the partly patched array is from[old], and everything
 * before it is final, so the operations apply in the order in which they are added. */
static void diff_arrays(json_t *patch, const char *pointer, const json_t *from, const json_t *to)
{
    auto_free size_t *in_to = NULL; /* of the items of from; both are made when they are needed */
    auto_free size_t *in_from = NULL;
    size_t old = 0;
    size_t at = 0;
    while (old < json_array_size(from) || at < json_array_size(to)) {
        const json_t *item = json_array_get(from, old);
        const json_t *wanted = json_array_get(to, at);
        bool both = item != NULL && wanted != NULL;
        bool same = both && same_item(item, wanted);
        if (both && !same && in_to == NULL) {
            in_to = find_last(from, to);
            in_from = find_last(to, from);
        }
        /* an item that comes later stays; whatever is before it is added or removed */
        bool add = item == NULL || (both && !same && in_to[old] > at + 1);
        bool remove = wanted == NULL || (both && !same && !add && in_from[at] > old + 1);
        if (item != wanted) {
            auto_free char *child = json_pointer_index(pointer, at);
            if (add)
                add_operation(patch, "add", child, wanted);
            else if (remove)
                add_operation(patch, "remove", child, NULL);
            else
                diff(patch, child, item, wanted);
        }
        old += !add;
        at += !remove;
    }
}

static void diff(json_t *patch, const char *pointer, const json_t *from, const json_t *to)
{
    if (json_is_object(from) && json_is_object(to))
        diff_objects(patch, pointer, from, to);
    else if (json_is_array(from) && json_is_array(to))
        diff_arrays(patch, pointer, from, to);
    else if (!json_equal(from, to))
        add_operation(patch, "replace", pointer, to);
}

json_t *annotations_patch(const json_t *from, const json_t *to)
{
    json_t *patch = json_array();
    diff(patch, "", from, to);
    return patch;
}
