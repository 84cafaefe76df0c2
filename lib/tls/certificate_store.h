/* Holds the current certificate of a server, which is replaced while it serves connections. */
#ifndef TLS_CERTIFICATE_STORE_H
#define TLS_CERTIFICATE_STORE_H

#include "tls/certificate.h"

struct tls_certificate_store;

/* Returns an empty store, owned by the caller. Free it when no other thread uses it. */
struct tls_certificate_store *tls_certificate_store_new(void);
void tls_certificate_store_free(struct tls_certificate_store *store); /* NULL is allowed */

/* Returns a reference to the current certificate, or NULL before the first is set. Any thread. */
struct tls_certificate *tls_certificate_store_current(struct tls_certificate_store *store);

/* Replaces the certificate; takes the reference. Any thread. */
void tls_certificate_store_set(struct tls_certificate_store *store, struct tls_certificate *take);

#endif
