/* Credential plugins: programs that print an ExecCredential with a token or a client certificate.
 * Source: KEP-541, client.authentication.k8s.io/v1 and v1beta1. */
#ifndef KUBE_EXEC_H
#define KUBE_EXEC_H

#include <stddef.h>
#include <time.h>

#include "base/error.h"
#include "kube/config.h"

/* The credential from a plugin. All of it is owned. */
struct kube_credential {
    char *token; /* or NULL */
    char *certificate, *key; /* PEM, or both NULL */
    time_t expires; /* 0: not given */
};

void kube_credential_clear(struct kube_credential *credential); /* overwrites secrets */

/* Reads an ExecCredential of the version into *out, which the caller clears. Returns 0, or -1 with
 * an input error that quotes nothing of the text, which contains secrets. */
int kube_credential_parse(const char *api_version, const char *text, size_t length,
    struct kube_credential *out, struct error **err);

/* Returns the value of $KUBERNETES_EXEC_INFO for the plugin, owned by the caller, or NULL with an
 * io error if the cluster's CA cannot be read. */
char *kube_exec_info(const struct kube_config *config, struct error **err);

struct kube_exec_run;

/* One of the two is set: the credential, whose members may be taken, or the error. */
typedef void kube_exec_done(
    void *user, struct kube_credential *credential, const struct error *err);

/* Runs the plugin of config, for a minute at most. Returns the run, which is freed when done,
 * called from the loop, has returned; or NULL with an error. */
struct kube_exec_run *kube_exec_start(
    const struct kube_config *config, kube_exec_done *done, void *user, struct error **err);

/* Terminates the plugin; done is not called. */
void kube_exec_cancel(struct kube_exec_run *run);

#endif
