#include "kube/transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/text.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    KEEP_ALIVE_IDLE_S = 30,
    KEEP_ALIVE_INTERVAL_S = 10,
    /* data that nobody acknowledges ends a connection then; the kernel would take a quarter of an
     * hour, and HTTP/2 puts every new request on the same dead connection meanwhile */
    UNACKNOWLEDGED_MS = 30000,
};

struct kube_transfer {
    struct kube_transfer *prev, *next; /* of the transport's transfers */
    struct kube_transfer *ready_prev, *ready_next;
    struct kube_transport *transport;
    struct kube_pool *pool;
    CURL *easy;
    struct curl_slist *headers; /* with the token */
    char *body;
    size_t length;
    size_t sent; /* of body, given to libcurl */
    size_t limit;
    char *received; /* with room for a zero byte */
    size_t received_length, received_capacity;
    bool too_large;
    bool is_ready;
    bool is_done;
    bool is_busy; /* its owner is being called: whoever calls it frees the transfer */
    bool is_over; /* its owner may not be called any more */
    CURLcode result;
    CURLcode setup; /* the first option that libcurl refused */
    char error_text[CURL_ERROR_SIZE];
    void (*on_data)(void *user, const char *data, size_t length);
    void (*on_done)(void *user, const struct kube_outcome *outcome);
    void *user;
};

static void make_ready(struct kube_transfer *transfer)
{
    if (transfer->is_ready)
        return;
    transfer->is_ready = true;
    DL_APPEND2(transfer->transport->ready, transfer, ready_prev, ready_next);
}

static void note(struct kube_transfer *transfer, CURLcode code)
{
    if (transfer->setup == CURLE_OK)
        transfer->setup = code;
}

static void set_long(struct kube_transfer *transfer, CURLoption option, long value)
{
    note(transfer, curl_easy_setopt(transfer->easy, option, value));
}

static void set_string(struct kube_transfer *transfer, CURLoption option, const char *value)
{
    note(transfer, curl_easy_setopt(transfer->easy, option, value));
}

static void set_pem(struct kube_transfer *transfer, CURLoption option, const char *pem)
{
    struct curl_blob blob = {
        .data = (void *)pem, /* libcurl copies it */
        .len = strlen(pem),
        .flags = CURL_BLOB_COPY,
    };
    note(transfer, curl_easy_setopt(transfer->easy, option, &blob));
}

/* CURLOPT_WRITEFUNCTION: keeps what came, to be told of when libcurl is not at work. */
static size_t receive(char *data, size_t size, size_t count, void *user)
{
    struct kube_transfer *transfer = user;
    size_t length = size * count;
    if (transfer->received_length + length > transfer->limit) {
        transfer->too_large = true;
        return 0;
    }
    if (transfer->received_length + length >= transfer->received_capacity) {
        transfer->received_capacity = 2 * (transfer->received_length + length) + 1;
        transfer->received = xrealloc(transfer->received, transfer->received_capacity);
    }
    memcpy(transfer->received + transfer->received_length, data, length);
    transfer->received_length += length;
    if (transfer->on_data != NULL)
        make_ready(transfer);
    return length;
}

/* CURLOPT_READFUNCTION: the body. Whether a request is done again is not libcurl's affair: when a
 * kept connection is closed without an answer, it repeats what it has in CURLOPT_POSTFIELDS, also a
 * creation. This it cannot rewind. */
static size_t give_body(char *buffer, size_t size, size_t count, void *user)
{
    struct kube_transfer *transfer = user;
    size_t length = transfer->length - transfer->sent;
    if (length > size * count)
        length = size * count;
    memcpy(buffer, transfer->body + transfer->sent, length);
    transfer->sent += length;
    return length;
}

/* CURLOPT_SOCKOPTFUNCTION */
static int set_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
    (void)user, (void)purpose;
    unsigned int milliseconds = UNACKNOWLEDGED_MS;
    /* a socket that has no such option does without */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
    return CURL_SOCKOPT_OK;
}

static void add_header(struct kube_transfer *transfer, const char *header)
{
    transfer->headers = curl_slist_append(transfer->headers, header);
}

static void set_headers(struct kube_transfer *transfer, const struct kube_transfer_options *options)
{
    add_header(transfer, "Accept: application/json");
    if (transfer->transport->host_header != NULL)
        add_header(transfer, transfer->transport->host_header);
    if (options->body != NULL) {
        auto_free char *type = xasprintf("Content-Type: %s", options->content_type);
        add_header(transfer, type);
        add_header(transfer, "Expect:"); /* no waiting for 100 Continue */
    }
    if (options->identity->token != NULL) {
        char *bearer = xasprintf("Authorization: Bearer %s", options->identity->token);
        add_header(transfer, bearer);
        free_secret(bearer, strlen(bearer));
    }
    note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers));
}

static void set_request(struct kube_transfer *transfer, const struct kube_transfer_options *options)
{
    const struct kube_transport *transport = transfer->transport;
    auto_free char *url = xasprintf("%s%s", transport->base, options->path);
    set_string(transfer, CURLOPT_URL, url);
    set_long(transfer, CURLOPT_PATH_AS_IS, 1);
    set_string(transfer, CURLOPT_CUSTOMREQUEST, options->method);
    set_string(transfer, CURLOPT_USERAGENT, transport->user_agent);
    if (transport->connect_to != NULL)
        note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, transport->connect_to));
    if (transfer->body != NULL) {
        set_long(transfer, CURLOPT_POST, 1);
        note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)transfer->length));
        note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_READFUNCTION, give_body));
        note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_READDATA, transfer));
    }
    set_headers(transfer, options);
    /* a proxy that packs a stream of events would hold them back */
    if (options->on_data == NULL)
        set_string(transfer, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (options->identity->username != NULL) {
        set_long(transfer, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        set_string(transfer, CURLOPT_USERNAME, options->identity->username);
        set_string(transfer, CURLOPT_PASSWORD, text_or(options->identity->password, ""));
    }
}

static void set_connection(
    struct kube_transfer *transfer, const struct kube_transfer_options *options)
{
    const struct kube_transport *transport = transfer->transport;
    set_long(transfer, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    set_long(transfer, CURLOPT_PIPEWAIT, 1); /* rather a stream of a connection that comes about */
    set_long(transfer, CURLOPT_NOSIGNAL, 1);
    set_long(transfer, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    set_long(transfer, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    set_long(transfer, CURLOPT_TCP_KEEPALIVE, 1);
    set_long(transfer, CURLOPT_TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S);
    set_long(transfer, CURLOPT_TCP_KEEPINTVL, KEEP_ALIVE_INTERVAL_S);
    note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_SOCKOPTFUNCTION, set_socket));
    if (transport->proxy != NULL)
        set_string(transfer, CURLOPT_PROXY, transport->proxy);
    if (transport->no_proxy != NULL)
        set_string(transfer, CURLOPT_NOPROXY, transport->no_proxy);
}

static void set_tls(struct kube_transfer *transfer, const struct kube_identity *identity)
{
    const struct kube_config *config = transfer->transport->config;
    set_long(transfer, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_long(transfer, CURLOPT_SSL_VERIFYPEER, !config->insecure);
    set_long(transfer, CURLOPT_SSL_VERIFYHOST, config->insecure ? 0 : 2);
    if (config->ca_data != NULL || config->ca_file != NULL) {
        set_string(transfer, CURLOPT_CAPATH, NULL); /* this CA, not those of the system too */
        set_string(transfer, CURLOPT_CAINFO, config->ca_file);
    }
    if (config->ca_data != NULL)
        set_pem(transfer, CURLOPT_CAINFO_BLOB, config->ca_data);
    const char *certificate = text_or(identity->certificate, config->certificate_data);
    const char *key = text_or(identity->key, config->key_data);
    if (certificate != NULL)
        set_pem(transfer, CURLOPT_SSLCERT_BLOB, certificate);
    else if (config->certificate_file != NULL)
        set_string(transfer, CURLOPT_SSLCERT, config->certificate_file);
    if (key != NULL)
        set_pem(transfer, CURLOPT_SSLKEY_BLOB, key);
    else if (config->key_file != NULL)
        set_string(transfer, CURLOPT_SSLKEY, config->key_file);
}

/* Header lists hold the token. */
static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header != NULL; header = header->next)
        explicit_bzero(header->data, strlen(header->data));
    curl_slist_free_all(headers);
}

static void transfer_free(struct kube_transfer *transfer)
{
    struct kube_transport *transport = transfer->transport;
    if (transfer->is_ready)
        DL_DELETE2(transport->ready, transfer, ready_prev, ready_next);
    DL_DELETE(transport->transfers, transfer);
    curl_multi_remove_handle(transfer->pool->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    kube_pool_leave(transfer->pool);
    free_headers(transfer->headers);
    free_secret(transfer->body, transfer->length);
    free_secret(transfer->received, transfer->received_length);
    free(transfer);
}

struct kube_transfer *kube_transfer_start(struct kube_transport *transport,
    const struct kube_transfer_options *options, struct error **err)
{
    struct kube_transfer *transfer = xcalloc(1, sizeof(*transfer));
    transfer->transport = transport;
    transfer->limit = options->limit;
    transfer->on_data = options->on_data;
    transfer->on_done = options->on_done;
    transfer->user = options->user;
    transfer->body = options->body != NULL ? xmemdup(options->body, options->length) : NULL;
    transfer->length = options->length;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        abort(); /* out of memory */
    DL_APPEND(transport->transfers, transfer);
    transfer->pool = transport->current;
    transfer->pool->transfers++;
    set_string(transfer, CURLOPT_PRIVATE, (const char *)transfer);
    note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error_text));
    note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, receive));
    note(transfer, curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer));
    set_request(transfer, options);
    set_connection(transfer, options);
    set_tls(transfer, options->identity);
    if (transfer->setup == CURLE_OK &&
        curl_multi_add_handle(transfer->pool->multi, transfer->easy) == CURLM_OK)
        return transfer;
    error_set(err, ERROR_INTERNAL, "libcurl refuses the request: %s",
        curl_easy_strerror(transfer->setup));
    transfer_free(transfer);
    return NULL;
}

void kube_transfer_end(struct kube_transfer *transfer, CURLcode result)
{
    transfer->result = result;
    transfer->is_done = true;
    make_ready(transfer);
    if (result == CURLE_OPERATION_TIMEDOUT && transfer->pool == transfer->transport->current)
        kube_transport_renew(transfer->transport);
}

static enum kube_fault fault_of(const struct kube_transfer *transfer)
{
    double begun = 0; /* when the request was begun to be sent, if it was */
    if (transfer->too_large)
        return KUBE_FAULT_TOO_LARGE;
    switch (transfer->result) {
    case CURLE_OK:
        return KUBE_FAULT_NONE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
        return KUBE_FAULT_NOT_SENT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return KUBE_FAULT_REFUSED;
    case CURLE_SEND_FAIL_REWIND: /* what would have been done again */
        return KUBE_FAULT_BROKEN;
    default:
        curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME, &begun);
        return begun > 0 ? KUBE_FAULT_BROKEN : KUBE_FAULT_NOT_SENT;
    }
}

/* What went wrong, in words; borrowed. */
static const char *words_of(const struct kube_transfer *transfer)
{
    if (transfer->result == CURLE_SEND_FAIL_REWIND)
        return "the connection was closed";
    return transfer->error_text[0] != '\0' ? transfer->error_text
                                           : curl_easy_strerror(transfer->result);
}

static void tell_done(struct kube_transfer *transfer)
{
    long code = 0;
    const char *type = NULL;
    curl_off_t retry_after = 0;
    double first_byte = 0; /* of the answer, but with a body that is sent: of the request */
    double total = 0;
    bool watched = transfer->on_data != NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, (char **)&type);
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME, &first_byte);
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME, &total);
    if (transfer->received == NULL)
        transfer->received = xmalloc(1);
    transfer->received[transfer->received_length] = '\0';
    auto_free char *why =
        xasprintf("no answer from %s: %s", transfer->transport->config->server, words_of(transfer));
    struct kube_outcome outcome = {
        .fault = fault_of(transfer),
        .why = why,
        .code = (int)code,
        .body = transfer->received,
        .length = transfer->received_length,
        .is_json = type != NULL && text_starts_with(type, "application/json"),
        .retry_after = retry_after,
        .seconds = watched && first_byte > 0 ? first_byte : total,
    };
    transfer->on_done(transfer->user, &outcome);
}

/* Hands on what has come. A watch keeps no buffer of the size that its busiest moment needed. */
static void tell_data(struct kube_transfer *transfer)
{
    char *data = steal(&transfer->received);
    size_t length = transfer->received_length;
    transfer->received_length = transfer->received_capacity = 0;
    transfer->on_data(transfer->user, data, length);
    free_secret(data, length);
}

void kube_transfer_deliver(struct kube_transfer *transfer)
{
    long code = 0;
    transfer->is_ready = false;
    DL_DELETE2(transfer->transport->ready, transfer, ready_prev, ready_next);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
    transfer->is_busy = true;
    if (transfer->on_data != NULL && code >= 200 && code <= 299 && transfer->received_length > 0)
        tell_data(transfer);
    if (transfer->is_done && !transfer->is_over)
        tell_done(transfer);
    transfer->is_busy = false;
    if (transfer->is_done || transfer->is_over)
        transfer_free(transfer);
}

void kube_transfer_cancel(struct kube_transfer *transfer)
{
    transfer->is_over = true;
    if (!transfer->is_busy)
        transfer_free(transfer);
}
