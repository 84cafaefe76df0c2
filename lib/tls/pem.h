/* Creates certificates and keys as PEM: a CA, and a server's certificate signed by it. */
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include <stdint.h>

#include "base/error.h"

/* A pair of PEM texts; both owned. */
struct tls_pem {
    char *certificate, *key;
};

/* Create an ECDSA P-256 CA, or a leaf for the DNS names signed by one, valid from one minute ago
 * for validity_ms. Return 0, or -1 with an internal error. */
int tls_pem_make_ca(
    const char *common_name, int64_t validity_ms, struct tls_pem *out, struct error **err);
int tls_pem_make_leaf(const struct tls_pem *ca, const char *common_name,
    const char *const *dns_names, int64_t validity_ms, struct tls_pem *out, struct error **err);

void tls_pem_clear(struct tls_pem *pem); /* overwrites the key */

#endif
