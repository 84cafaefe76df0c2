/* The names that Kubernetes allows. The patterns say the same as the functions, as ECMA-262 regular
 * expressions, which JSON Schema uses. */
#ifndef ANNOTATIONS_NAMES_H
#define ANNOTATIONS_NAMES_H

#include <stdbool.h>

enum {
    ANNOTATIONS_NAME_MAX = 253,
    ANNOTATIONS_LABEL_MAX = 63, /* of a container or volume: a DNS label (RFC 1123, section 2.1) */
};

/* The name of a config map or volume claim: a DNS-1123 subdomain.
 * Source: Kubernetes, "Object Names and IDs". */
#define ANNOTATIONS_DNS_SUBDOMAIN_PATTERN                                                          \
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
bool annotations_name_is_dns_subdomain(const char *name);

/* A key of a config map.
 * Source: Kubernetes API reference, ConfigMap.data. */
#define ANNOTATIONS_CONFIG_MAP_KEY_PATTERN "^(?!\\.\\.|\\.$)[-._a-zA-Z0-9]+$"
bool annotations_name_is_config_map_key(const char *name);

/* The name of an environment variable.
 * Source: Kubernetes API reference, EnvVar.name, as every version of Kubernetes accepts it. */
#define ANNOTATIONS_ENV_NAME_PATTERN                                                               \
    "^(?!\\.\\.|\\.$)(?!(CONTAINER_NAME|NETWORK_BINDING_PLUGIN_NAME|XDG_(CACHE_HOME|CONFIG_HOME|"  \
    "RUNTIME_DIR))$)[-._a-zA-Z][-._a-zA-Z0-9]*$"
bool annotations_name_is_env(const char *name);

/* Whether an annotation must not set this variable: the launcher pod sets it in sidecars, or it
 * marks the sidecars of network bindings. */
bool annotations_name_is_reserved_env(const char *name);

#endif
