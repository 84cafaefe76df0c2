/* kubeconfig files, merged as client-go does it: of entries with the same name, and of values set
 * in several files, the first wins. Source: kubernetes.io/docs/concepts/configuration/
 * organize-cluster-access-kubeconfig. */
#ifndef KUBE_CONFIG_FILES_H
#define KUBE_CONFIG_FILES_H

#include <stddef.h>

#include "base/error.h"
#include "kube/config.h"

struct kube_config_files;

/* Owned by the caller. */
struct kube_config_files *kube_config_files_new(void);
void kube_config_files_free(struct kube_config_files *files); /* NULL is allowed */

/* Adds the text of the kubeconfig at path. Returns 0, or -1 with an input error that names the
 * place, but quotes nothing of the text, which contains secrets. */
int kube_config_files_add(struct kube_config_files *files, const char *path, const char *text,
    size_t length, struct error **err);

/* Returns the configuration for a context (NULL: current-context), owned by the caller, or NULL
 * with an input error that names the file and the entry, or an io error for a file that an entry
 * names and that cannot be read. */
struct kube_config *kube_config_files_choose(
    const struct kube_config_files *files, const char *context, struct error **err);

#endif
