#include "annotations/security.h"

#include "base/json.h"
#include "base/text.h"

/* Returns a member of compute's security context, else of the pod's, else the fallback. */
static json_int_t security_number(
    const json_t *spec, const json_t *compute, const char *key, json_int_t fallback)
{
    const json_t *value = json_object_get(json_object_get(compute, "securityContext"), key);
    if (!json_is_integer(value))
        value = json_object_get(json_object_get(spec, "securityContext"), key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

/* The SELinux options that a cluster sets on the containers beside compute. */
static json_t *find_selinux_options(const json_t *spec)
{
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach (json_object_get(spec, "containers"), index, container) {
        const char *name = json_get_string(container, "name");
        const json_t *security = json_object_get(container, "securityContext");
        json_t *options = json_object_get(security, "seLinuxOptions");
        if (options != NULL && name != NULL && !streq(name, "compute"))
            return options;
    }
    return NULL;
}

json_t *annotations_security_context(const json_t *spec, const json_t *compute, bool *root)
{
    json_int_t user = security_number(spec, compute, "runAsUser", ANNOTATIONS_LAUNCHER_UID);
    json_t *options = find_selinux_options(spec);
    json_t *security = json_object();
    *root = user == 0;
    if (!*root)
        json_object_set_new(security, "capabilities", json_pack("{s:[s]}", "drop", "ALL"));
    if (options != NULL)
        json_object_set(security, "seLinuxOptions", options);
    json_object_set_new(security, "runAsUser", json_integer(user));
    if (!*root) {
        json_int_t group = security_number(spec, compute, "runAsGroup", user);
        json_object_set_new(security, "runAsGroup", json_integer(group));
    }
    json_object_set_new(security, "runAsNonRoot", json_boolean(!*root));
    if (!*root)
        json_object_set_new(security, "allowPrivilegeEscalation", json_false());
    return security;
}
