/* Where a server takes its certificate from: what a handshake asks of its owner. */
#ifndef HTTP_CERTIFICATES_H
#define HTTP_CERTIFICATES_H

#include <gnutls/abstract.h>

/* Called on the server's threads. */
struct http_certificates {
    /* A reference to the certificate of the moment, which a new connection holds until it ends;
     * NULL: there is none, and the handshake fails. */
    void *(*hold)(void *user);
    /* What is in it, borrowed as long as the reference is held. */
    void (*get)(void *held, gnutls_pcert_st **chain, unsigned *count, gnutls_privkey_t *key);
    void (*release)(void *held);
    void *user;
};

#endif
