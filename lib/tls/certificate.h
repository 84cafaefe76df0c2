/* A server's certificate and key, in memory. */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"

enum {
    TLS_CERTIFICATE_MAX_PEM = 256 * 1024, /* bytes of a chain or a key */
    TLS_CERTIFICATE_MAX_CHAIN = 16,
};

/* A certificate chain with its key; immutable, shared by reference between threads. */
struct tls_certificate;

/* Reads PEM. Returns the certificate, owned by the caller, or NULL with an input error: no
 * certificate, a key that does not belong to it, or expired. name identifies it in errors. */
struct tls_certificate *tls_certificate_new(
    const char *name, const char *chain_pem, const char *key_pem, struct error **err);
struct tls_certificate *tls_certificate_ref(struct tls_certificate *of);
void tls_certificate_unref(struct tls_certificate *certificate); /* or NULL */

/* When the leaf's validity begins and ends. */
time_t tls_certificate_start(const struct tls_certificate *certificate);
time_t tls_certificate_expiry(const struct tls_certificate *certificate);

/* Whether the leaf is for this host name (RFC 6125). */
bool tls_certificate_is_for(const struct tls_certificate *certificate, const char *dns_name);

/* Whether both have the same chain. */
bool tls_certificate_same(const struct tls_certificate *a, const struct tls_certificate *b);

/* For the server's callback; borrowed as long as the reference is held. */
gnutls_pcert_st *tls_certificate_chain(const struct tls_certificate *certificate, unsigned *count);
gnutls_privkey_t tls_certificate_key(const struct tls_certificate *certificate);

/* Whether the leaf was signed by a CA in ca_pem, which may be a bundle, that is still valid. */
bool tls_certificate_signed_by(const struct tls_certificate *leaf, const char *ca_pem);

/* Whether a CA in ca_pem is still valid. */
bool tls_certificate_ca_is_valid(const char *ca_pem);

DEFINE_CLEANUP(tls_certificate, struct tls_certificate *, tls_certificate_unref);
#define auto_tls_certificate auto_cleanup(tls_certificate)

#endif
