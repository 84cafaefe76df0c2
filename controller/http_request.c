#include "controller/http_request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "controller/metrics.h"

enum {
    FIRST_BODY = 16 * 1024, /* what is allocated for a body at first */
    BODIES_AT_ONCE = 16, /* of the greatest size */
    LONGEST_SHOWN = 128, /* of what a client sent, in an error */
};

struct connection {
    struct controller_deadline deadline; /* for the handshake and each request */
    struct tls_certificate *certificate; /* of the handshake; or NULL */
    time_t started; /* clock_seconds, whole ones */
    bool agreed; /* the handshake is done */
    bool used; /* it had a request */
    bool slow; /* it was silent too long */
};

struct request {
    const struct controller_http_route *route; /* NULL: see reply */
    bool begun; /* its head was looked at */
    char *body; /* owned */
    size_t length, allocated;
    struct controller_http_reply reply; /* code 0: not decided yet */
    const char *allow; /* the header of 405 */
};

static struct connection *connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void count_bad(const struct controller_http_shared *shared, const char *reason)
{
    if (shared->options.certificates != NULL)
        controller_metrics_bad_connection(reason);
}

/* The client's Finished has come: it likes our certificate. */
static int on_agreed(gnutls_session_t session, unsigned message, unsigned when, unsigned incoming,
    const gnutls_datum_t *data)
{
    (void)message;
    (void)when;
    (void)data;
    struct connection *connection = gnutls_session_get_ptr(session);
    connection->agreed = connection->agreed || incoming != 0;
    return 0;
}

static void connection_start(struct controller_http_shared *shared, struct MHD_Connection *mhd,
    struct connection *connection)
{
    connection->started = (time_t)clock_seconds();
    if (shared->options.certificates != NULL) {
        /* the session borrows the certificate until the connection ends */
        connection->certificate = tls_certificate_store_current(shared->options.certificates);
        gnutls_session_t session =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
        gnutls_session_set_ptr(session, connection);
        gnutls_handshake_set_hook_function(
            session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_agreed);
    }
    controller_deadline_set(&shared->deadlines, &connection->deadline,
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
}

/* The TLS session is gone by now, the socket not. */
static void connection_end(struct controller_http_shared *shared, struct connection *connection)
{
    bool late = controller_deadline_end(&shared->deadlines, &connection->deadline);
    if (late || connection->slow ||
        (!connection->used &&
            (time_t)clock_seconds() - connection->started >= CONTROLLER_HTTP_SILENCE_S))
        count_bad(shared, "slow");
    else if (!connection->used && !connection->agreed)
        count_bad(shared, "tls");
    tls_certificate_unref(connection->certificate);
    free(connection);
}

void controller_http_on_connection(void *user, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = xcalloc(1, sizeof(struct connection));
        connection_start(user, connection, *context);
    } else {
        connection_end(user, *context);
        *context = NULL;
    }
}

int controller_http_on_handshake(gnutls_session_t session, const gnutls_datum_t *accepted_cas,
    int ca_count, const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
    gnutls_pcert_st **chain, unsigned *chain_length, gnutls_privkey_t *key)
{
    (void)accepted_cas;
    (void)ca_count;
    (void)algorithms;
    (void)algorithm_count;
    const struct connection *connection = gnutls_session_get_ptr(session);
    if (connection->certificate == NULL)
        return -1;
    *chain = tls_certificate_chain(connection->certificate, chain_length);
    *key = tls_certificate_key(connection->certificate);
    return 0;
}

void *controller_http_on_begin(void *user, const char *uri, struct MHD_Connection *mhd)
{
    (void)uri;
    struct controller_http_shared *shared = user;
    struct connection *connection = connection_of(mhd);
    atomic_fetch_add(&shared->requests, 1);
    if (connection->used) {
        controller_deadline_set(&shared->deadlines, &connection->deadline, connection->deadline.fd);
        MHD_set_connection_option(
            mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)CONTROLLER_HTTP_SILENCE_S);
    }
    connection->used = true;
    return xcalloc(1, sizeof(struct request));
}

static void drop_body(struct controller_http_shared *shared, struct request *request)
{
    atomic_fetch_sub(&shared->body_bytes, request->allocated);
    free(request->body);
    request->body = NULL;
    request->length = request->allocated = 0;
}

void controller_http_on_completed(
    void *user, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
    struct controller_http_shared *shared = user;
    struct connection *connection = connection_of(mhd);
    struct request *request = *context;
    *context = NULL;
    if (request == NULL)
        return;
    drop_body(shared, request);
    free(request->reply.body);
    free(request);
    atomic_fetch_sub(&shared->requests, 1);
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        controller_deadline_end(&shared->deadlines, &connection->deadline);
        MHD_set_connection_option(
            mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)CONTROLLER_HTTP_KEEP_ALIVE_S);
    }
    connection->slow = code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED;
}

static void refuse(struct controller_http_shared *shared, struct request *request, int code,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Decides the reply; what is still to come of the body is read and dropped. */
static void refuse(struct controller_http_shared *shared, struct request *request, int code,
    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    drop_body(shared, request);
    request->reply = (struct controller_http_reply){.code = code, .body = xvasprintf(format, args)};
    va_end(args);
}

static void refuse_size(struct controller_http_shared *shared, struct request *request)
{
    refuse(shared, request, MHD_HTTP_CONTENT_TOO_LARGE,
        "the body of the request is larger than %zu bytes\n", shared->options.max_body);
}

static void refuse_path(
    struct controller_http_shared *shared, struct request *request, const char *url)
{
    const char *paths[8];
    size_t count = 0;
    for (; count < shared->options.route_count && count < ARRAY_SIZE(paths); count++)
        paths[count] = shared->options.routes[count].path;
    auto_free char *shown = text_printable(url, strlen(url), LONGEST_SHOWN);
    auto_free char *list = text_list(paths, count);
    refuse(shared, request, MHD_HTTP_NOT_FOUND, "there is no %s here, only %s\n", shown, list);
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t length = strcspn(content_type, "; \t");
    return length == strlen(json) && strncasecmp(content_type, json, length) == 0;
}

static const char *header(struct MHD_Connection *mhd, const char *name)
{
    return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

/* Looks at the head of a request: finds its route, or refuses it. */
static void look_at_head(struct controller_http_shared *shared, struct request *request,
    struct MHD_Connection *mhd, const char *url, const char *method)
{
    request->begun = true;
    const struct controller_http_route *route = NULL;
    for (size_t i = 0; i < shared->options.route_count && route == NULL; i++) {
        if (streq(shared->options.routes[i].path, url))
            route = &shared->options.routes[i];
    }
    if (route == NULL) {
        refuse_path(shared, request, url);
        return;
    }
    bool known = route->post
                     ? streq(method, MHD_HTTP_METHOD_POST)
                     : streq(method, MHD_HTTP_METHOD_GET) || streq(method, MHD_HTTP_METHOD_HEAD);
    if (!known) {
        auto_free char *shown = text_printable(method, strlen(method), LONGEST_SHOWN);
        request->allow = route->post ? "POST" : "GET, HEAD";
        refuse(shared, request, MHD_HTTP_METHOD_NOT_ALLOWED, "%s is not for %s; use %s\n", url,
            shown, route->post ? "POST" : "GET or HEAD");
        return;
    }
    const char *type = text_or(header(mhd, MHD_HTTP_HEADER_CONTENT_TYPE), "");
    if (route->post && !is_json(type)) {
        auto_free char *shown = text_printable(type, strlen(type), LONGEST_SHOWN);
        refuse(shared, request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
            "the content type is \"%s\"; it must be application/json\n", shown);
        return;
    }
    request->route = route;
}

/* Keeps a part of the body, or refuses the request. */
static void take_part(
    struct controller_http_shared *shared, struct request *request, const char *data, size_t size)
{
    size_t max = shared->options.max_body;
    if (request->reply.code != 0 || !request->route->post)
        return;
    if (size > max - request->length) {
        refuse_size(shared, request);
        return;
    }
    if (request->length + size >= request->allocated) {
        size_t wanted = request->allocated == 0 ? FIRST_BODY : 2 * request->allocated;
        while (wanted <= request->length + size)
            wanted *= 2;
        size_t more = wanted - request->allocated;
        if (atomic_fetch_add(&shared->body_bytes, more) + more > BODIES_AT_ONCE * max) {
            atomic_fetch_sub(&shared->body_bytes, more);
            refuse(shared, request, MHD_HTTP_SERVICE_UNAVAILABLE,
                "too many large requests at once; try again\n");
            return;
        }
        request->body = xrealloc(request->body, wanted);
        request->allocated = wanted;
    }
    memcpy(request->body + request->length, data, size);
    request->length += size;
    request->body[request->length] = '\0';
}

/* Hands the reply of a request over to libmicrohttpd. */
static enum MHD_Result send_reply(
    struct controller_http_shared *shared, struct MHD_Connection *mhd, struct request *request)
{
    struct controller_http_reply *reply = &request->reply;
    if (reply->code == MHD_HTTP_CONTENT_TOO_LARGE)
        count_bad(shared, "too-large");
    else if (reply->code >= 400 && reply->code < 500)
        count_bad(shared, "bad-request");
    size_t length = strlen(reply->body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, steal(&reply->body), MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
        text_or(reply->content_type, "text/plain; charset=utf-8"));
    if (request->allow != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    if (reply->code == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (atomic_load(&shared->closing))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(mhd, (unsigned)reply->code, response);
    MHD_destroy_response(response);
    return result;
}

/* Whether the head announces a body that is too large. libmicrohttpd has checked the number. */
static bool announces_too_much(
    const struct controller_http_shared *shared, struct MHD_Connection *mhd)
{
    const char *length = header(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL && strtoull(length, NULL, 10) > shared->options.max_body;
}

enum MHD_Result controller_http_on_request(void *user, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *data_size, void **context)
{
    (void)version;
    struct controller_http_shared *shared = user;
    struct request *request = *context;
    if (!request->begun) {
        look_at_head(shared, request, mhd, url, method);
        if (!announces_too_much(shared, mhd))
            return MHD_YES;
        refuse_size(shared, request);
        return send_reply(shared, mhd, request); /* before the body, which closes the connection */
    }
    if (*data_size > 0) {
        take_part(shared, request, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    if (request->reply.code == 0)
        request->route->answer(
            request->route->user, text_or(request->body, ""), request->length, &request->reply);
    return send_reply(shared, mhd, request);
}
