#include "http/connection.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/unused.h"

struct connection {
    struct http_client client;
    const struct http_certificates *certificates; /* of the server; borrowed */
    void *certificate; /* of the handshake, held; or NULL */
    time_t started; /* clock_seconds, without the fraction */
    bool agreed; /* the handshake is done */
    bool used; /* it had a request */
    bool slow; /* it was silent too long */
};

static struct connection *connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The client's Finished has arrived: it accepts our certificate. */
static int on_agreed(gnutls_session_t session, UNUSED unsigned message, UNUSED unsigned when,
    unsigned incoming, UNUSED const gnutls_datum_t *data)
{
    struct connection *connection = gnutls_session_get_ptr(session);
    connection->agreed = connection->agreed || incoming != 0;
    return 0;
}

static int on_client_certificate(gnutls_session_t session)
{
    const struct connection *connection = gnutls_session_get_ptr(session);
    return connection->certificates->check_client(connection->certificates->user, session);
}

static void connection_start(
    struct http_shared *shared, struct MHD_Connection *mhd, struct connection *connection)
{
    /* Each information is read at once: the next one may be at the same address. */
    const struct sockaddr *peer =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->started = (time_t)clock_seconds();
    if (shared->tls) {
        /* the session borrows the certificate until the connection ends */
        connection->certificates = &shared->certificates;
        connection->certificate = shared->certificates.hold(shared->certificates.user);
        gnutls_session_t session =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
        gnutls_session_set_ptr(session, connection);
        gnutls_handshake_set_hook_function(
            session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_agreed);
        if (shared->certificates.check_client != NULL) {
            gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
            gnutls_session_set_verify_function(session, on_client_certificate);
        }
    }
    http_deadline_set(&shared->deadlines, &connection->client.deadline, fd, HTTP_HEAD_S, 0);
    http_place_enter(&shared->places, &connection->client.place, fd, peer);
}

/* The TLS session is gone by now, the socket is not. */
static void connection_end(struct http_shared *shared, struct connection *connection)
{
    bool late = http_deadline_end(&shared->deadlines, &connection->client.deadline);
    if (http_place_leave(&shared->places, &connection->client.place))
        http_shared_bad(shared, "displaced");
    else if (late || connection->slow ||
             (!connection->used && (time_t)clock_seconds() - connection->started >= HTTP_SILENCE_S))
        http_shared_bad(shared, "slow");
    else if (!connection->used && !connection->agreed)
        http_shared_bad(shared, "tls");
    if (connection->certificate != NULL)
        shared->certificates.release(connection->certificate);
    free(connection);
}

void http_connection_on_change(void *user, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
    struct http_worker *worker = user;
    struct http_shared *shared = worker->shared;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *new = xcalloc(1, sizeof(*new));
        new->client.worker = worker;
        *context = new;
        atomic_fetch_add(&shared->open, 1);
        atomic_fetch_add(&worker->started, 1);
        http_shared_wake(shared);
        connection_start(shared, connection, *context);
    } else {
        connection_end(shared, *context);
        atomic_fetch_sub(&shared->open, 1);
        http_shared_wake(shared);
        *context = NULL;
    }
}

int http_connection_on_handshake(gnutls_session_t session,
    UNUSED const gnutls_datum_t *accepted_cas, UNUSED int ca_count,
    UNUSED const gnutls_pk_algorithm_t *algorithms, UNUSED int algorithm_count,
    gnutls_pcert_st **chain, unsigned *chain_length, gnutls_privkey_t *key)
{
    const struct connection *connection = gnutls_session_get_ptr(session);
    if (connection->certificate == NULL)
        return -1;
    connection->certificates->get(connection->certificate, chain, chain_length, key);
    return 0;
}

void *http_connection_on_begin(void *user, UNUSED const char *uri, struct MHD_Connection *mhd)
{
    struct http_shared *shared = user;
    struct connection *connection = connection_of(mhd);
    struct http_client *client = &connection->client;
    if (connection->used) {
        http_deadline_set(&shared->deadlines, &client->deadline, client->place.fd, HTTP_HEAD_S, 0);
        MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)HTTP_SILENCE_S);
    }
    connection->used = true;
    http_place_use(&shared->places, &client->place, HTTP_PLACE_BUSY);
    return http_exchange_begin(shared, mhd, client);
}

void http_connection_on_completed(
    void *user, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
    struct http_shared *shared = user;
    struct connection *connection = connection_of(mhd);
    if (*context == NULL)
        return;
    http_exchange_end(*context);
    *context = NULL;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        http_deadline_end(&shared->deadlines, &connection->client.deadline);
        http_place_use(&shared->places, &connection->client.place, HTTP_PLACE_IDLE);
        MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)HTTP_KEEP_ALIVE_S);
    }
    connection->slow = code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED;
}

enum MHD_Result http_connection_on_request(UNUSED void *user, UNUSED struct MHD_Connection *mhd,
    const char *url, const char *method, const char *version, const char *data, size_t *data_size,
    void **context)
{
    struct http_request *request = *context;
    if (!request->begun)
        return http_exchange_head(request, url, method, version) ? http_exchange_answer(request)
                                                                 : MHD_YES;
    if (*data_size == 0)
        return http_exchange_answer(request);
    http_exchange_part(request, data, *data_size);
    *data_size = 0;
    return MHD_YES;
}
