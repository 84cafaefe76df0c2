/* The self-signed certificate that all replicas share: a CA and a leaf in a Secret, made by
 * whichever replica comes first (create; who loses takes the winner's), rotated when a third of its
 * life is left, with both CAs in caBundle while clients may still see the old leaf. */
#ifndef CONTROLLER_SELF_SIGNED_H
#define CONTROLLER_SELF_SIGNED_H

#include "kube/client.h"

struct controller_self_signed;

struct controller_self_signed_options {
    const char *namespace;
    const char *secret; /* keys ca.crt, ca.key, previous-ca.crt, tls.crt, tls.key */
    const char *service; /* names: SERVICE.NAMESPACE.svc and shorter and longer forms */
    const char *webhook_configuration; /* its webhooks' caBundle are kept right */
    int64_t validity_ms;
    void (*on_ready)(void *user); /* once: a certificate is current and caBundle is right */
    void *user;
};

struct controller_self_signed *controller_self_signed_new(
    struct kube_client *client, const struct controller_self_signed_options *options);
void controller_self_signed_free(struct controller_self_signed *self_signed);

#endif
