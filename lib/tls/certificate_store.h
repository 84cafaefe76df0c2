/* Where a server finds the certificate of the moment, which is replaced while connections are
 * served. */
#ifndef TLS_CERTIFICATE_STORE_H
#define TLS_CERTIFICATE_STORE_H

#include "tls/certificate.h"

struct tls_certificate_store;

/* An empty one, owned by the caller. It is freed when no other thread uses it. */
struct tls_certificate_store *tls_certificate_store_new(void);
void tls_certificate_store_free(struct tls_certificate_store *store); /* NULL is allowed */

/* A reference to the certificate of the moment, or NULL before the first was set. Any thread. */
struct tls_certificate *tls_certificate_store_current(struct tls_certificate_store *store);

/* Replaces it; takes the reference. Any thread. */
void tls_certificate_store_set(struct tls_certificate_store *store, struct tls_certificate *take);

#endif
