#include "controller/appliance/owned.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

const char *const controller_owned_kept[] = {"/metadata/name", "/metadata/namespace",
    "/metadata/uid", "/metadata/resourceVersion", "/metadata/creationTimestamp",
    "/metadata/annotations/appliance.kubevirt.io~1from",
    "/metadata/annotations/appliance.hookline.dev~1from",
    "/metadata/annotations/appliance.kubevirt.io~1authorization",
    "/metadata/annotations/appliance.hookline.dev~1authorization", NULL};

/* Source: Kubernetes API conventions: RFC 3339, in UTC, in whole seconds. */
bool controller_owned_time(const json_t *object, time_t *created)
{
    struct tm utc = {0};
    const char *text = json_get_string(json_object_get(object, "metadata"), "creationTimestamp");
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) : NULL;
    *created = end != NULL && *end == '\0' ? timegm(&utc) : 0;
    return *created > 0;
}

const struct kube_resource *controller_owned_resource(const json_t *object)
{
    const char *kind = text_or(json_get_string(object, "kind"), "");
    return streq(kind, "Secret")      ? &kube_secrets
           : streq(kind, "ConfigMap") ? &kube_config_maps
                                      : NULL;
}

json_t *controller_owned_make(const json_t *object, const json_t *vm)
{
    json_t *made = json_deep_copy(object);
    json_t *metadata = json_object_get(made, "metadata");
    json_object_set_new(metadata, "namespace", json_string(kube_namespace(vm)));
    json_object_set_new(metadata, "ownerReferences",
        json_pack("[{s:s, s:s, s:s, s:s}]", "apiVersion", "kubevirt.io/v1", "kind",
            "VirtualMachine", "name", kube_name(vm), "uid", kube_uid(vm)));
    if (controller_owned_resource(made) == &kube_secrets)
        json_object_set_new(made, "type", json_string("Opaque"));
    return made;
}

void controller_owned_wipe(json_t *object)
{
    static const char *const members[] = {"data", "stringData"};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach (json_object_get(object, members[i]), key, value) {
            if (json_is_string(value))
                explicit_bzero((char *)json_string_value(value), json_string_length(value));
        }
    }
}
