/* The self-signed certificate that all replicas share: a CA and a leaf in a Secret, made by
 * whichever replica comes first; who loses takes the winner's. A new CA and leaf replace them when
 * a third of their life is left, or they are gone or no good. A new leaf is served only when both
 * CAs stand in the caBundle of the webhooks, and API servers have had time to see that; the old CA
 * stays there until it expires, and with it the leaf that it signed. */
#ifndef CONTROLLER_CERTIFICATES_SELF_SIGNED_H
#define CONTROLLER_CERTIFICATES_SELF_SIGNED_H

#include "kube/client.h"
#include "tls/certificate_store.h"

struct controller_self_signed;

/* Strings are copied. */
struct controller_self_signed_options {
    const char *namespace;
    const char *secret; /* keys ca.crt, previous-ca.crt, tls.crt, tls.key; no CA's key is kept */
    const char *service; /* names: SERVICE.NAMESPACE.svc and shorter and longer forms */
    const char *webhook_configuration; /* its webhooks' caBundle are kept right */
    int64_t validity_ms;
    struct tls_certificate_store *store; /* borrowed; gets each certificate that is served */
    /* Once: there is a certificate in the store, and caBundle is right where there is a configuration. */
    void (*on_ready)(void *user);
    /* A webhook configuration as the API server has it, each time it is another; borrowed. */
    void (*on_configuration)(void *user, const json_t *configuration);
    void *user;
};

/* Starts on the default loop, and logs what it does. Owned by the caller. */
struct controller_self_signed *controller_self_signed_new(
    struct kube_client *client, const struct controller_self_signed_options *options);
void controller_self_signed_free(struct controller_self_signed *self_signed); /* or NULL */

#endif
