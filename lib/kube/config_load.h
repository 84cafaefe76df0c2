/* Finds the configuration as client-go does: the files of --kubeconfig or $KUBECONFIG merged, else
 * the service account of a pod, else ~/.kube/config. */
#ifndef KUBE_CONFIG_LOAD_H
#define KUBE_CONFIG_LOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "kube/config.h"

struct kube_config_options {
    const char *kubeconfig; /* --kubeconfig, or NULL */
    const char *context; /* --context, or NULL: current-context */
    const char *namespace; /* --namespace, or NULL */
    bool insecure; /* --insecure-skip-tls-verify */
};

/* Returns the configuration, owned by the caller, or NULL with an error that names the file and the
 * entry that is wrong, or where it has looked. Relative paths in a kubeconfig are relative to it.
 * options may be NULL. */
struct kube_config *kube_config_load(const struct kube_config_options *options, struct error **err);

/* The service account of a pod whose files (token, ca.crt, namespace) are in directory, with
 * $KUBERNETES_SERVICE_HOST and $KUBERNETES_SERVICE_PORT. Returns the configuration, owned by the
 * caller, or NULL with an error that says what is missing. */
struct kube_config *kube_config_in_cluster(const char *directory, struct error **err);

#endif
