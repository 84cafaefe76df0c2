#include "cli/appliance/rbac.h"

#include "appliance/name.h"
#include "base/json.h"
#include "base/text.h"

#define GROUP "rbac.authorization.k8s.io"

const char *cli_rbac_service_account(const json_t *vm)
{
    const json_t *spec = json_pointer_get(vm, "/spec/template/spec");
    const char *own = json_get_string(spec, "serviceAccountName");
    if (own != NULL && own[0] != '\0')
        return own;
    const json_t *volumes = json_object_get(spec, "volumes");
    size_t index = 0;
    const json_t *volume = NULL;
    json_array_foreach (volumes, index, volume) {
        const char *name =
            json_get_string(json_object_get(volume, "serviceAccount"), "serviceAccountName");
        if (name != NULL)
            return name;
    }
    return "default";
}

static json_t *role(const char *namespace)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:[{s:[s], s:[s], s:[s]}]}", "apiVersion",
        GROUP "/v1", "kind", "Role", "metadata", "name", APPLIANCE_CLONE_ROLE, "namespace",
        namespace, "rules", "apiGroups", "cdi.kubevirt.io", "resources", "datavolumes/source",
        "verbs", "create");
}

/* Takes ownership of subject. */
static json_t *binding(const char *namespace, const char *name, json_t *take_subject)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:[o]}", "apiVersion",
        GROUP "/v1", "kind", "RoleBinding", "metadata", "name", name, "namespace", namespace,
        "roleRef", "apiGroup", GROUP, "kind", "Role", "name", APPLIANCE_CLONE_ROLE, "subjects",
        take_subject);
}

/* One for each subject: to apply that of another does not take the right from the first. */
static void add_bindings(json_t *objects, const char *namespace, const struct cli_rbac_for *whom)
{
    if (whom->service_account != NULL) {
        auto_free char *name = appliance_name_clone_binding(whom->namespace, whom->service_account);
        json_array_append_new(
            objects, binding(namespace, name,
                         json_pack("{s:s, s:s, s:s}", "kind", "ServiceAccount", "name",
                             whom->service_account, "namespace", whom->namespace)));
    }
    if (whom->user != NULL) {
        auto_free char *name = appliance_name_clone_binding(NULL, whom->user);
        json_array_append_new(objects, binding(namespace, name,
                                           json_pack("{s:s, s:s, s:s}", "apiGroup", GROUP, "kind",
                                               "User", "name", whom->user)));
    }
}

json_t *cli_rbac_objects(
    const struct appliance_right *rights, size_t count, const struct cli_rbac_for *whom)
{
    json_t *objects = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(objects, role(rights[i].namespace));
        add_bindings(objects, rights[i].namespace, whom);
    }
    return objects;
}
