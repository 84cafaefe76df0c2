/* Where the API server is and who we are to it. */
#ifndef KUBE_CONFIG_H
#define KUBE_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "base/memory.h"

/* A credential plugin (client.authentication.k8s.io/v1), as `users[].user.exec` names it. */
struct kube_exec {
    char **argv; /* NULL-terminated */
    char **environment; /* "NAME=value" additions, NULL-terminated */
    bool provide_cluster_info; /* pass the cluster to the plugin */
    json_t *cluster_config; /* the cluster's extension for it, or NULL */
    char *api_version; /* client.authentication.k8s.io/v1 or v1beta1 */
    char *install_hint; /* shown if the executable is missing, or NULL */
};

/* All of it is owned; NULL if it is not given. Of a file and its data, at most one is set. */
struct kube_config {
    char *origin; /* where it came from, for messages: "context kind in /home/a/.kube/config" */
    char *server; /* "https://10.0.0.1:6443", perhaps with a path; never NULL */
    char *namespace; /* of the context or the service account, else "default" */
    char *tls_server_name;
    char *proxy_url;
    bool insecure; /* the server's certificate is not verified */
    char *ca_file, *ca_data; /* PEM */
    char *certificate_file, *certificate_data; /* PEM */
    char *key_file, *key_data; /* PEM */
    char *token, *token_file; /* the file is read again when it changes */
    char *username, *password;
    struct kube_exec *exec;
};

/* Returns a deep copy, owned by the caller. */
struct kube_config *kube_config_copy(const struct kube_config *config);

void kube_config_free(struct kube_config *config); /* NULL is allowed; overwrites secrets */

DEFINE_CLEANUP(kube_config, struct kube_config *, kube_config_free);
#define auto_kube_config auto_cleanup(kube_config)

#endif
