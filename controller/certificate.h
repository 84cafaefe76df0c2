/* The webhook server's certificate, in memory: replaced while connections are served. GnuTLS, as
 * libmicrohttpd uses it. */
#ifndef CONTROLLER_CERTIFICATE_H
#define CONTROLLER_CERTIFICATE_H

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"

enum {
    CONTROLLER_CERTIFICATE_MAX_PEM = 256 * 1024, /* bytes of a chain or a key */
    CONTROLLER_CERTIFICATE_MAX_CHAIN = 16,
};

/* A certificate chain with its key; immutable, shared by reference between threads. */
struct controller_certificate;

/* From PEM. Returns it, owned by the caller, or NULL with an input error: no certificate, a key
 * that does not belong to it, expired. name is what errors call it. */
struct controller_certificate *controller_certificate_new(
    const char *name, const char *chain_pem, const char *key_pem, struct error **err);
struct controller_certificate *controller_certificate_ref(struct controller_certificate *of);
void controller_certificate_unref(struct controller_certificate *certificate); /* or NULL */

/* When the leaf begins and ends to be valid. */
time_t controller_certificate_start(const struct controller_certificate *certificate);
time_t controller_certificate_expiry(const struct controller_certificate *certificate);

/* Whether it is for this host name (RFC 6125). */
bool controller_certificate_is_for(
    const struct controller_certificate *certificate, const char *dns_name);

/* Whether both have the same chain. */
bool controller_certificate_same(
    const struct controller_certificate *a, const struct controller_certificate *b);

/* For the server's callback: borrowed as long as the reference is held. */
gnutls_pcert_st *controller_certificate_chain(
    const struct controller_certificate *certificate, unsigned *count);
gnutls_privkey_t controller_certificate_key(const struct controller_certificate *certificate);

/* The place where the server finds the certificate of the moment; any thread. */
struct controller_certificate *controller_certificate_current(void); /* a reference, or NULL */
void controller_certificate_set_current(struct controller_certificate *take);

/* A pair of PEM texts; both owned. */
struct controller_pem {
    char *certificate, *key;
};

/* A new ECDSA P-256 CA, or a leaf for the DNS names signed by one, valid from a minute ago for
 * validity_ms. Return 0, or -1 with an internal error. */
int controller_certificate_make_ca(
    const char *common_name, int64_t validity_ms, struct controller_pem *out, struct error **err);
int controller_certificate_make_leaf(const struct controller_pem *ca, const char *const *dns_names,
    int64_t validity_ms, struct controller_pem *out, struct error **err);

/* Whether the leaf was signed by a CA of ca_pem, which may be a bundle, and that is still valid. */
bool controller_certificate_signed_by(
    const struct controller_certificate *leaf, const char *ca_pem);

/* Whether a CA of ca_pem is still valid. */
bool controller_certificate_ca_is_valid(const char *ca_pem);

void controller_pem_clear(struct controller_pem *pem); /* overwrites the key */

DEFINE_CLEANUP(
    controller_certificate, struct controller_certificate *, controller_certificate_unref);
#define auto_controller_certificate auto_cleanup(controller_certificate)

#endif
