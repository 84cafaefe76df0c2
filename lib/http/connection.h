/* The callbacks of libmicrohttpd for a server's connections, which run on its threads. user is
 * the struct http_shared, except where it is said. */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <gnutls/abstract.h>
#include <microhttpd.h>

#include "http/exchange.h"

enum {
    HTTP_SILENCE_S = 10, /* a client silent for so long within a request is cut off */
    HTTP_HEAD_S = 10, /* the handshake and the headers must be complete by then */
    /* Longer than the 90 s for which Go's clients keep a connection: otherwise they would send a
     * request into one that is being closed, and not retry. */
    HTTP_KEEP_ALIVE_S = 180,
};

/* A connection begins or ends; user is its struct http_worker. */
void http_connection_on_change(void *user, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code);

/* The request line has arrived: returns the request. */
void *http_connection_on_begin(void *user, const char *uri, struct MHD_Connection *connection);

/* Called when the headers have arrived, for each part of the body, at its end, and when a deferred
 * answer is ready. */
enum MHD_Result http_connection_on_request(void *user, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *data, size_t *data_size,
    void **request);

void http_connection_on_completed(void *user, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code);

/* Gives GnuTLS the certificate for a handshake. */
int http_connection_on_handshake(gnutls_session_t session, const gnutls_datum_t *accepted_cas,
    int ca_count, const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
    gnutls_pcert_st **chain, unsigned *chain_length, gnutls_privkey_t *key);

#endif
