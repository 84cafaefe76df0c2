/* One entry of a kubeconfig, a cluster, user or context, and its fields. Source: k8s.io/client-go,
 * tools/clientcmd/api/v1. */
#ifndef KUBE_CONFIG_ENTRY_H
#define KUBE_CONFIG_ENTRY_H

#include <jansson.h>

#include "base/error.h"
#include "kube/config.h"

/* All of it is borrowed. */
struct kube_config_entry {
    const char *file; /* that contains it; its directory is the base of relative paths */
    const char *kind; /* "cluster", "user" or "context" */
    const char *name;
    const json_t *value; /* NULL: there is no such entry, and no field */
};

/* Sets an input error about a field: `/home/a/.kube/config: user "a": token: must be …`.
 * Returns -1. */
int kube_config_entry_error(const struct kube_config_entry *entry, const char *field,
    struct error **err, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reads a string field into *out, owned by the caller; NULL if it is missing, null or empty.
 * Returns 0, or -1 with an input error. */
int kube_config_entry_string(
    const struct kube_config_entry *entry, const char *field, char **out, struct error **err);

/* Read a cluster or user into config. Return 0, or -1 with an input error, or an io error for a
 * file that cannot be read. Unknown fields are ignored. */
int kube_config_entry_cluster(
    const struct kube_config_entry *cluster, struct kube_config *config, struct error **err);
int kube_config_entry_user(
    const struct kube_config_entry *user, struct kube_config *config, struct error **err);

/* The cluster's extension for credential plugins: a new reference, or NULL. */
json_t *kube_config_entry_exec_extension(const struct kube_config_entry *cluster);

#endif
