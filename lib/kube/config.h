/* Where the API server is and who we are to it, found as client-go finds it: the files of
 * --kubeconfig or $KUBECONFIG merged, else the service account of a pod, else ~/.kube/config. */
#ifndef KUBE_CONFIG_H
#define KUBE_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* A credential plugin (client.authentication.k8s.io/v1), as `users[].user.exec` names it. */
struct kube_exec {
    char **argv; /* NULL-terminated */
    char **environment; /* "NAME=value" that are added, NULL-terminated */
    bool provide_cluster_info; /* the plugin is told the cluster */
    json_t *cluster_config; /* the cluster's extension for it, or NULL */
    char *api_version; /* client.authentication.k8s.io/v1 or v1beta1 */
    char *install_hint; /* said when the executable is not there, or NULL */
};

/* All of it is owned; NULL where it is not given. Of a file and its data, one is set. */
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

struct kube_config_options {
    const char *kubeconfig; /* --kubeconfig, or NULL */
    const char *context; /* --context, or NULL: current-context */
    const char *namespace; /* --namespace, or NULL */
    bool insecure; /* --insecure-skip-tls-verify */
};

/* Returns the configuration, owned by the caller, or NULL with an error that names the file and
 * the entry that is wrong, and what was looked for where. Relative paths in a kubeconfig are
 * relative to it. options may be NULL. */
struct kube_config *kube_config_load(const struct kube_config_options *options, struct error **err);

/* The service account of a pod whose files (token, ca.crt, namespace) are in directory, with
 * $KUBERNETES_SERVICE_HOST and $KUBERNETES_SERVICE_PORT. Returns the configuration, owned by the
 * caller, or NULL with an error that says what is missing. */
struct kube_config *kube_config_in_cluster(const char *directory, struct error **err);

/* A copy of all of it, owned by the caller. */
struct kube_config *kube_config_copy(const struct kube_config *config);

void kube_config_free(struct kube_config *config); /* NULL is allowed; overwrites secrets */

DEFINE_CLEANUP(kube_config, struct kube_config *, kube_config_free);
#define auto_kube_config auto_cleanup(kube_config)

#endif
