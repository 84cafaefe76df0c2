/* Checks the certificates of a server's clients against CAs in a file, which is read again when it
 * has changed. */
#ifndef TLS_CLIENT_CA_H
#define TLS_CLIENT_CA_H

#include <gnutls/gnutls.h>

#include "base/error.h"

enum { TLS_CLIENT_CA_MAX_PEM = 1024 * 1024 }; /* bytes of the file */

struct tls_client_ca;

struct tls_client_ca_options {
    const char *path; /* PEM; copied */
    const char *name; /* the clients' common name or a DNS name; copied; NULL: any */
    /* Called on the thread of a handshake when the file has changed. error NULL: its CAs are in
     * use; else (borrowed) it cannot be used, and the previous CAs stay in use. */
    void (*on_change)(void *user, const struct error *error);
    void *user;
};

/* Returns the CAs, owned by the caller, or NULL with an io or input error. */
struct tls_client_ca *tls_client_ca_new(
    const struct tls_client_ca_options *options, struct error **err);
void tls_client_ca_free(struct tls_client_ca *ca); /* NULL is allowed */

/* Checks the certificate that the client of a handshake has sent: it is valid now, for clients
 * (RFC 5280, section 4.2.1.12, if it says for what), signed by one of the CAs, and has the name.
 * Any thread. Returns 0, or -1 with an error of class remote. */
int tls_client_ca_check(struct tls_client_ca *ca, gnutls_session_t session, struct error **err);

#endif
