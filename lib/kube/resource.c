#include "kube/resource.h"

#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/text.h"

const struct kube_resource kube_pods = {"", "v1", "pods", "Pod", true};
const struct kube_resource kube_config_maps = {"", "v1", "configmaps", "ConfigMap", true};
const struct kube_resource kube_secrets = {"", "v1", "secrets", "Secret", true};
const struct kube_resource kube_events = {"", "v1", "events", "Event", true};
const struct kube_resource kube_persistent_volume_claims = {
    "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true};
const struct kube_resource kube_namespaces = {"", "v1", "namespaces", "Namespace", false};
const struct kube_resource kube_leases = {"coordination.k8s.io", "v1", "leases", "Lease", true};
const struct kube_resource kube_mutating_webhooks = {"admissionregistration.k8s.io", "v1",
    "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false};
const struct kube_resource kube_validating_webhooks = {"admissionregistration.k8s.io", "v1",
    "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false};
const struct kube_resource kube_custom_resource_definitions = {
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false};
const struct kube_resource kube_virtual_machine_instances = {
    "kubevirt.io", "v1", "virtualmachineinstances", "VirtualMachineInstance", true};

char *kube_percent_encode(const char *text)
{
    static const char unreserved[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    UT_string out;
    utstring_init(&out);
    for (; *text != '\0'; text++) {
        if (strchr(unreserved, *text) != NULL)
            utstring_bincpy(&out, text, 1);
        else
            utstring_printf(&out, "%%%02X", (unsigned char)*text);
    }
    return utstring_body(&out);
}

static void append_part(UT_string *path, const char *part)
{
    auto_free char *encoded = kube_percent_encode(part);
    utstring_printf(path, "/%s", encoded);
}

char *kube_resource_path(const struct kube_resource *resource, const char *namespace,
    const char *name, const char *subresource)
{
    UT_string path;
    utstring_init(&path);
    utstring_printf(&path, resource->group[0] != '\0' ? "/apis" : "/api");
    if (resource->group[0] != '\0')
        append_part(&path, resource->group);
    append_part(&path, resource->version);
    if (resource->namespaced && namespace != NULL) {
        append_part(&path, "namespaces");
        append_part(&path, namespace);
    }
    append_part(&path, resource->plural);
    if (name != NULL)
        append_part(&path, name);
    if (subresource != NULL)
        append_part(&path, subresource);
    return utstring_body(&path);
}

char *kube_resource_api_version(const struct kube_resource *resource)
{
    return resource->group[0] != '\0' ? xasprintf("%s/%s", resource->group, resource->version)
                                      : xstrdup(resource->version);
}

/* A string from the object's metadata, "" if it is missing. */
static const char *metadata_string(const json_t *object, const char *key)
{
    return text_or(json_get_string(json_object_get(object, "metadata"), key), "");
}

const char *kube_name(const json_t *object)
{
    return metadata_string(object, "name");
}

const char *kube_namespace(const json_t *object)
{
    return metadata_string(object, "namespace");
}

const char *kube_uid(const json_t *object)
{
    return metadata_string(object, "uid");
}

const char *kube_resource_version(const json_t *object)
{
    return metadata_string(object, "resourceVersion");
}

const char *kube_label(const json_t *object, const char *key)
{
    return json_get_string(json_object_get(json_object_get(object, "metadata"), "labels"), key);
}

char *kube_key(const json_t *object)
{
    const char *namespace = kube_namespace(object);
    return namespace[0] != '\0' ? xasprintf("%s/%s", namespace, kube_name(object))
                                : xstrdup(kube_name(object));
}

void kube_key_split(const char *key, char **namespace, char **name)
{
    const char *slash = strchr(key, '/');
    *namespace = xstrndup(key, slash != NULL ? (size_t)(slash - key) : 0);
    *name = xstrdup(slash != NULL ? slash + 1 : key);
}
