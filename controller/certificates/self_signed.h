/* The self-signed certificate that all replicas share: a CA and a leaf in a Secret, created by
 * whichever replica is first and used by all. A new CA and leaf replace them when a third of their
 * lifetime is left, or when they are missing or invalid. A new leaf is served only when both CAs
 * are in the caBundle of the webhooks and API servers have had time to see them; the old CA stays
 * there until it expires, and with it the leaf that it signed. */
#ifndef CONTROLLER_CERTIFICATES_SELF_SIGNED_H
#define CONTROLLER_CERTIFICATES_SELF_SIGNED_H

#include "kube/client.h"
#include "tls/certificate_store.h"

struct controller_self_signed;

/* Strings are copied. */
struct controller_self_signed_options {
    const char *namespace;
    const char *secret; /* keys ca.crt, previous-ca.crt, tls.crt, tls.key */
    const char *service; /* DNS names: SERVICE.NAMESPACE.svc, and shorter and longer forms */
    const char *webhook_configuration; /* the name of both; their caBundle is kept right */
    int64_t validity_ms;
    struct tls_certificate_store *store; /* borrowed; receives each certificate to serve */
    /* Once: the store has a certificate, and the existing configurations have its caBundle. */
    void (*on_ready)(void *user);
    /* A webhook configuration, each time it changes; borrowed. */
    void (*on_configuration)(void *user, const json_t *configuration);
    void *user;
};

/* Runs on the default loop and logs what it does. Owned by the caller. */
struct controller_self_signed *controller_self_signed_new(
    struct kube_client *client, const struct controller_self_signed_options *options);
void controller_self_signed_free(struct controller_self_signed *self_signed); /* or NULL */

#endif
