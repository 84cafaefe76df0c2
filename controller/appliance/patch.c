#include "controller/appliance/patch.h"

#include "base/json.h"
#include "base/text.h"

/* Adds the operations that set the members of to that differ from those of from; except is left
 * out. */
static void set_members(
    json_t *patch, const char *pointer, const json_t *from, const json_t *to, const char *except)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)to, key, value) {
        if (streq(key, except) || json_equal(json_object_get(from, key), value))
            continue;
        auto_free char *path = json_pointer_join(pointer, key);
        json_array_append_new(
            patch, json_pack("{s:s, s:s, s:O}", "op", "add", "path", path, "value", value));
    }
}

json_t *controller_appliance_patch(const json_t *object, const json_t *completed)
{
    json_t *patch = json_array();
    set_members(patch, "/metadata", json_object_get(object, "metadata"),
        json_object_get(completed, "metadata"), "managedFields");
    set_members(patch, "", object, completed, "metadata");
    return patch;
}

json_t *controller_appliance_unpatch(const char *key)
{
    auto_free char *path = json_pointer_join("/metadata/annotations", key);
    return json_pack("[{s:s, s:s}]", "op", "remove", "path", path);
}
