#include "annotations/patch.h"

#include "base/json.h"

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

static bool stands_from(const json_t *array, size_t index, const json_t *item)
{
    for (; index < json_array_size(array); index++) {
        if (same_item(json_array_get(array, index), item))
            return true;
    }
    return false;
}

/* Walks both arrays at once. Element `at` of the partly patched array is from[old], and everything
 * before it is final, so the operations apply in the order in which they are added. */
static void diff_arrays(json_t *patch, const char *pointer, const json_t *from, const json_t *to)
{
    size_t old = 0;
    size_t at = 0;
    while (old < json_array_size(from) || at < json_array_size(to)) {
        const json_t *item = json_array_get(from, old);
        const json_t *wanted = json_array_get(to, at);
        bool both = item != NULL && wanted != NULL;
        bool same = both && same_item(item, wanted);
        bool add = item == NULL || (both && !same && stands_from(to, at + 1, item));
        bool remove = wanted == NULL || (!same && !add && stands_from(from, old + 1, wanted));
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
