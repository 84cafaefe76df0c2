/* Kinds of Kubernetes objects, and their paths in the REST API. */
#ifndef KUBE_RESOURCE_H
#define KUBE_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>

struct kube_resource {
    const char *group; /* "" for the core group */
    const char *version;
    const char *plural; /* "pods" */
    const char *kind; /* "Pod" */
    bool namespaced;
};

extern const struct kube_resource kube_pods, kube_config_maps, kube_secrets, kube_events,
    kube_persistent_volume_claims, kube_namespaces, kube_leases, kube_mutating_webhooks,
    kube_validating_webhooks, kube_custom_resource_definitions, kube_virtual_machine_instances;

/* "/api/v1/namespaces/NS/pods/NAME/SUBRESOURCE"; namespace NULL: all of them; name and
 * subresource may be NULL. All parts are percent-encoded. Owned by the caller. */
char *kube_resource_path(const struct kube_resource *resource, const char *namespace,
    const char *name, const char *subresource);

/* text as one part of a path or query: all but letters, digits and -._~ becomes %XX (RFC 3986).
 * Owned by the caller. */
char *kube_percent_encode(const char *text);

/* "v1" or "group/version". Owned by the caller. */
char *kube_resource_api_version(const struct kube_resource *resource);

/* From an object's metadata; borrowed, "" if it is missing or not a string. */
const char *kube_name(const json_t *object);
const char *kube_namespace(const json_t *object);
const char *kube_uid(const json_t *object);
const char *kube_resource_version(const json_t *object);

/* The value of a label, borrowed, or NULL. */
const char *kube_label(const json_t *object, const char *key);

/* The key of an object: "namespace/name", or "name" if there is no namespace. Owned by the
 * caller. */
char *kube_key(const json_t *object);

/* The two parts of a key, owned by the caller; *namespace is "" if there is none. */
void kube_key_split(const char *key, char **namespace, char **name);

#endif
