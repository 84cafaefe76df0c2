/* How a server gets its certificate for a handshake. */
#ifndef HTTP_CERTIFICATES_H
#define HTTP_CERTIFICATES_H

#include <gnutls/abstract.h>

/* Called on the server's threads. */
struct http_certificates {
    /* Returns a reference to the current certificate, which a new connection holds until it ends;
     * NULL: there is none, and the handshake fails. */
    void *(*hold)(void *user);
    /* Gets its contents, borrowed as long as the reference is held. */
    void (*get)(void *held, gnutls_pcert_st **chain, unsigned *count, gnutls_privkey_t *key);
    void (*release)(void *held);
    /* Checks the client's certificate during the handshake, which fails unless it returns 0; NULL:
     * clients need none. */
    int (*check_client)(void *user, gnutls_session_t session);
    void *user;
};

#endif
