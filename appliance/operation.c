#include "appliance/operation.h"

#include "base/json.h"
#include "base/text.h"

json_t *appliance_operation_new(const char *api_version, const char *kind, const char *namespace,
    const char *name, json_t *take_spec)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", api_version, "kind", kind,
        "metadata", "namespace", namespace, "name", name, "spec", take_spec);
}

json_t *appliance_operation_reference(const char *group, const char *kind, const char *name)
{
    return json_pack("{s:s, s:s, s:s}", "apiGroup", group, "kind", kind, "name", name);
}

json_t *appliance_operation_vm(const char *name)
{
    return appliance_operation_reference("kubevirt.io", "VirtualMachine", name);
}

char *appliance_operation_words(const char *kind, const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    return xasprintf("%s %s/%s", kind, text_or(json_get_string(metadata, "namespace"), ""),
        text_or(json_get_string(metadata, "name"), ""));
}

/* Our objects are at most four levels deep, so that this may recurse. */
static bool covers(const json_t *existing, const json_t *ours)
{
    const char *key;
    json_t *value;
    if (!json_is_object(ours))
        return json_equal(existing, ours) != 0;
    json_object_foreach ((json_t *)ours, key, value) {
        if (!covers(json_object_get(existing, key), value))
            return false;
    }
    return json_is_object(existing);
}

bool appliance_operation_same(const json_t *existing, const json_t *ours)
{
    return covers(json_object_get(existing, "spec"), json_object_get(ours, "spec"));
}
