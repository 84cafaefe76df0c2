/* What an HTTP server does with its connections and requests: the callbacks of libmicrohttpd. */
#ifndef CONTROLLER_HTTP_REQUEST_H
#define CONTROLLER_HTTP_REQUEST_H

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdatomic.h>

#include "controller/deadline.h"
#include "controller/http.h"

/* What all threads of a server share; user of each callback. */
struct controller_http_shared {
    struct controller_http_options options;
    struct controller_deadlines deadlines;
    atomic_uint requests; /* under way */
    atomic_size_t body_bytes; /* held for them */
    atomic_bool closing;
};

void controller_http_on_connection(void *user, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code);

/* The request line is there: returns the request. */
void *controller_http_on_begin(void *user, const char *uri, struct MHD_Connection *connection);

/* The head is there; then again for each part of the body; then again at its end. */
enum MHD_Result controller_http_on_request(void *user, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *data, size_t *data_size,
    void **request);

void controller_http_on_completed(void *user, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code);

/* Gives GnuTLS the certificate for a handshake. */
int controller_http_on_handshake(gnutls_session_t session, const gnutls_datum_t *accepted_cas,
    int ca_count, const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
    gnutls_pcert_st **chain, unsigned *chain_length, gnutls_privkey_t *key);

#endif
