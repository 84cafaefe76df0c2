#include "annotations/security.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 80 };

/* Returns a member of compute's security context, else of the pod's, else the fallback. */
static json_int_t security_number(
    const json_t *spec, const json_t *compute, const char *key, json_int_t fallback)
{
    const json_t *value = json_object_get(json_object_get(compute, "securityContext"), key);
    if (!json_is_integer(value))
        value = json_object_get(json_object_get(spec, "securityContext"), key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

/* Whether SELinux options are such as Kubernetes has, and short enough to be copied into every
 * sidecar. */
static bool check_selinux_options(
    const json_t *options, const char *container, struct findings *findings)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t length = 0;
    bool right = json_is_object(options);
    /* json_object_foreach does not take a const object, but changes nothing */
    json_object_foreach ((json_t *)options, key, value) {
        right = right && json_is_string(value);
        length += strlen(key) + json_string_length(value);
    }
    if (right && length <= ANNOTATIONS_SELINUX_MAX_BYTES)
        return true;
    auto_free char *shown = text_printable(container, strlen(container), LONGEST_SHOWN);
    findings_error(findings, "/pod",
        "the SELinux options of container %s, which sidecars get too, must be an object of strings "
        "with at most %d bytes",
        shown, ANNOTATIONS_SELINUX_MAX_BYTES);
    return false;
}

/* Finds the SELinux options that a cluster sets on the containers beside compute; *options is NULL
 * if there are none. Returns 0, or -1 with an error. */
static int find_selinux_options(const json_t *spec, json_t **options, struct findings *findings)
{
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach (json_object_get(spec, "containers"), index, container) {
        const char *name = json_get_string(container, "name");
        const json_t *security = json_object_get(container, "securityContext");
        *options = json_object_get(security, "seLinuxOptions");
        if (*options != NULL && !json_is_null(*options) && name != NULL && !streq(name, "compute"))
            return check_selinux_options(*options, name, findings) ? 0 : -1;
    }
    *options = NULL;
    return 0;
}

json_t *annotations_security_context(
    const json_t *spec, const json_t *compute, bool *root, struct findings *findings)
{
    json_int_t user = security_number(spec, compute, "runAsUser", ANNOTATIONS_LAUNCHER_UID);
    json_t *options = NULL;
    *root = user == 0;
    if (find_selinux_options(spec, &options, findings) < 0)
        return NULL;
    json_t *security = json_object();
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
