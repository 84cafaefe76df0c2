#include "http/client.h"

#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unused.h"
#include "http/endpoint.h"
#include "http/pool.h"

/* What is kept of the body of a refusal: more than any message needs. The transfer ends there. */
enum { MAX_REFUSAL = 64 << 10 };

/* Bytes of a file that libcurl sends at once. */
enum { FILE_BUFFER = 512 << 10 };

struct http_client {
    struct http_endpoint endpoint;
    struct http_pools pools;
    char *user_agent;
};

struct http_transfer {
    struct http_member member; /* the first: a member is its transfer */
    struct http_client *client;
    struct curl_slist *headers; /* with the token */
    char *body; /* NULL: none, or the file's bytes are the body */
    struct http_file file; /* fd -1: none */
    size_t length;
    size_t sent; /* of the body, given to libcurl */
    bool is_short; /* the file has fewer bytes */
    struct ev_timer stall; /* watches that bytes come or go; inactive: not watched */
    int64_t stall_ms;
    double moved; /* when they last did; clock_seconds */
    size_t limit;
    char *received; /* with room for a zero byte */
    size_t received_length, received_capacity;
    bool too_large;
    bool is_cut; /* the body of a refusal, at MAX_REFUSAL */
    bool is_done;
    bool is_busy; /* a callback is running: its caller frees the transfer */
    bool is_over; /* no callback may be called */
    CURLcode result;
    CURLcode setup; /* the first option that libcurl refused */
    char error_text[CURL_ERROR_SIZE];
    void (*on_data)(void *user, const char *data, size_t length);
    void (*on_done)(void *user, const struct http_outcome *outcome);
    void *user;
};

static void note(struct http_transfer *transfer, CURLcode code)
{
    if (transfer->setup == CURLE_OK)
        transfer->setup = code;
}

static void set_long(struct http_transfer *transfer, CURLoption option, long value)
{
    note(transfer, curl_easy_setopt(transfer->member.easy, option, value));
}

static void set_string(struct http_transfer *transfer, CURLoption option, const char *value)
{
    note(transfer, curl_easy_setopt(transfer->member.easy, option, value));
}

static bool is_refusal(const struct http_transfer *transfer)
{
    long code = 0;
    curl_easy_getinfo(transfer->member.easy, CURLINFO_RESPONSE_CODE, &code);
    return code < 200 || code > 299;
}

/* Bytes have come or gone. */
static void note_moved(struct http_transfer *transfer)
{
    if (transfer->stall_ms > 0)
        transfer->moved = clock_seconds();
}

/* CURLOPT_WRITEFUNCTION: keeps the data, to be reported outside libcurl. */
static size_t receive(char *data, size_t size, size_t count, void *user)
{
    struct http_transfer *transfer = user;
    size_t length = size * count;
    note_moved(transfer);
    if (transfer->received_length + length > MAX_REFUSAL && is_refusal(transfer)) {
        transfer->is_cut = true;
        return 0;
    }
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
        http_member_make_ready(&transfer->member);
    return length;
}

/* CURLOPT_READFUNCTION: the body. libcurl must not decide whether to retry a request: when a kept
 * connection is closed without an answer, it sends CURLOPT_POSTFIELDS again, even to create an
 * object. It cannot rewind this body. */
static size_t give_body(char *buffer, size_t size, size_t count, void *user)
{
    struct http_transfer *transfer = user;
    size_t length = transfer->length - transfer->sent;
    if (length > size * count)
        length = size * count;
    note_moved(transfer);
    if (transfer->body != NULL) {
        memcpy(buffer, transfer->body + transfer->sent, length);
    } else if (length > 0) {
        off_t at = (off_t)transfer->file.offset + (off_t)transfer->sent;
        ssize_t got = pread(transfer->file.fd, buffer, length, at);
        transfer->is_short = got <= 0;
        if (got <= 0)
            return CURL_READFUNC_ABORT;
        length = (size_t)got;
    }
    transfer->sent += length;
    return length;
}

static void add_header(struct http_transfer *transfer, const char *header)
{
    transfer->headers = curl_slist_append(transfer->headers, header);
}

static void set_headers(struct http_transfer *transfer, const struct http_transfer_options *options,
    const struct http_identity *identity)
{
    const struct http_endpoint *endpoint = &transfer->client->endpoint;
    if (options->accept != NULL) {
        auto_free char *accept = xasprintf("Accept: %s", options->accept);
        add_header(transfer, accept);
    }
    if (endpoint->host_header != NULL)
        add_header(transfer, endpoint->host_header);
    for (size_t i = 0; options->headers != NULL && options->headers[i] != NULL; i++)
        add_header(transfer, options->headers[i]);
    if (options->body != NULL || options->file != NULL) {
        auto_free char *type = xasprintf("Content-Type: %s", options->content_type);
        add_header(transfer, type);
        add_header(transfer, "Expect:"); /* no waiting for 100 Continue */
    }
    if (identity->token != NULL) {
        char *bearer = xasprintf("Authorization: Bearer %s", identity->token);
        add_header(transfer, bearer);
        free_secret(bearer, strlen(bearer));
    }
    note(transfer, curl_easy_setopt(transfer->member.easy, CURLOPT_HTTPHEADER, transfer->headers));
}

static void set_request(struct http_transfer *transfer, const struct http_transfer_options *options,
    const struct http_identity *identity)
{
    const struct http_client *client = transfer->client;
    auto_free char *url = xasprintf("%s%s", client->endpoint.base, options->path);
    set_string(transfer, CURLOPT_URL, url);
    set_long(transfer, CURLOPT_PATH_AS_IS, 1);
    if (streq(options->method, "HEAD"))
        set_long(transfer, CURLOPT_NOBODY, 1);
    else
        set_string(transfer, CURLOPT_CUSTOMREQUEST, options->method);
    set_string(transfer, CURLOPT_USERAGENT, client->user_agent);
    if (transfer->body != NULL || transfer->file.fd >= 0) {
        set_long(transfer, CURLOPT_POST, 1);
        note(transfer, curl_easy_setopt(transfer->member.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)transfer->length));
        note(transfer, curl_easy_setopt(transfer->member.easy, CURLOPT_READFUNCTION, give_body));
        note(transfer, curl_easy_setopt(transfer->member.easy, CURLOPT_READDATA, transfer));
    }
    set_headers(transfer, options, identity);
    set_long(transfer, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    if (transfer->file.fd >= 0)
        set_long(transfer, CURLOPT_UPLOAD_BUFFERSIZE, FILE_BUFFER);
    /* a proxy that compresses a stream of events would delay them */
    if (options->on_data == NULL)
        set_string(transfer, CURLOPT_ACCEPT_ENCODING, "gzip");
}

/* Overwrites the headers: one holds the token. */
static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header != NULL; header = header->next)
        explicit_bzero(header->data, strlen(header->data));
    curl_slist_free_all(headers);
}

static void transfer_free(struct http_transfer *transfer)
{
    ev_timer_stop(transfer->client->pools.loop, &transfer->stall);
    http_member_remove(&transfer->member);
    free_headers(transfer->headers);
    free_secret(transfer->body, transfer->length);
    free_secret(transfer->received, transfer->received_length);
    free(transfer);
}

static void on_end(struct http_member *member, CURLcode result)
{
    struct http_transfer *transfer = (struct http_transfer *)member;
    transfer->result = result;
    transfer->is_done = true;
    if (result == CURLE_OPERATION_TIMEDOUT)
        http_pools_renew(&transfer->client->pools, member);
}

static enum http_fault fault_of(const struct http_transfer *transfer)
{
    double begun = 0; /* when sending the request began; 0: not */
    if (transfer->is_cut)
        return HTTP_FAULT_NONE;
    if (transfer->too_large)
        return HTTP_FAULT_TOO_LARGE;
    switch (transfer->result) {
    case CURLE_OK:
        return HTTP_FAULT_NONE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
        return HTTP_FAULT_NOT_SENT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return HTTP_FAULT_REFUSED;
    case CURLE_SEND_FAIL_REWIND: /* libcurl wanted to retry */
        return HTTP_FAULT_BROKEN;
    default:
        curl_easy_getinfo(transfer->member.easy, CURLINFO_PRETRANSFER_TIME, &begun);
        return begun > 0 ? HTTP_FAULT_BROKEN : HTTP_FAULT_NOT_SENT;
    }
}

/* Describes what went wrong; borrowed. */
static const char *words_of(const struct http_transfer *transfer)
{
    if (transfer->result == CURLE_SEND_FAIL_REWIND)
        return "the connection was closed";
    if (transfer->is_short)
        return "the file that is sent could not be read to its end";
    return transfer->error_text[0] != '\0' ? transfer->error_text
                                           : curl_easy_strerror(transfer->result);
}

static void tell_done(struct http_transfer *transfer)
{
    long code = 0;
    const char *type = NULL;
    curl_off_t retry_after = 0;
    double first_byte = 0; /* of the answer, but with a body that is sent: of the request */
    double total = 0;
    bool watched = transfer->on_data != NULL;
    curl_easy_getinfo(transfer->member.easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(transfer->member.easy, CURLINFO_CONTENT_TYPE, (char **)&type);
    curl_easy_getinfo(transfer->member.easy, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(transfer->member.easy, CURLINFO_STARTTRANSFER_TIME, &first_byte);
    curl_easy_getinfo(transfer->member.easy, CURLINFO_TOTAL_TIME, &total);
    if (transfer->received == NULL)
        transfer->received = xmalloc(1);
    transfer->received[transfer->received_length] = '\0';
    auto_free char *why = xasprintf("no answer from %s: %s",
        http_endpoint_name(&transfer->client->endpoint), words_of(transfer));
    struct http_outcome outcome = {
        .fault = fault_of(transfer),
        .why = why,
        .code = (int)code,
        .body = transfer->received,
        .length = transfer->received_length,
        .content_type = text_or(type, ""),
        .retry_after = retry_after,
        .seconds = watched && first_byte > 0 ? first_byte : total,
        .timed_out = transfer->result == CURLE_OPERATION_TIMEDOUT,
        .transfer = transfer,
    };
    transfer->on_done(transfer->user, &outcome);
}

/* Passes on the received data and frees its buffer: a watch must not keep one as large as its
 * busiest moment needed. */
static void tell_data(struct http_transfer *transfer)
{
    char *data = steal(&transfer->received);
    size_t length = transfer->received_length;
    transfer->received_length = transfer->received_capacity = 0;
    transfer->on_data(transfer->user, data, length);
    free_secret(data, length);
    note_moved(transfer); /* the receiver's own time does not count */
}

static void on_ready(struct http_member *member)
{
    struct http_transfer *transfer = (struct http_transfer *)member;
    transfer->is_busy = true;
    if (transfer->on_data != NULL && transfer->received_length > 0 && !is_refusal(transfer))
        tell_data(transfer);
    if (transfer->is_done && !transfer->is_over)
        tell_done(transfer);
    transfer->is_busy = false;
    if (transfer->is_done || transfer->is_over)
        transfer_free(transfer);
}

/* Ends the transfer if no byte has come or gone for too long. */
static void on_stall(struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct http_transfer *transfer = timer->data;
    double left = transfer->moved + (double)transfer->stall_ms / 1000 - clock_seconds();
    if (left > 0) {
        ev_timer_set(timer, left, 0);
        ev_timer_start(loop, timer);
        return;
    }
    snprintf(transfer->error_text, sizeof(transfer->error_text), "nothing has moved for %g s",
        (double)transfer->stall_ms / 1000);
    on_end(&transfer->member, CURLE_OPERATION_TIMEDOUT);
    on_ready(&transfer->member);
}

static void watch_stall(struct http_transfer *transfer, int64_t stall_ms)
{
    ev_init(&transfer->stall, on_stall);
    transfer->stall.data = transfer;
    transfer->stall_ms = stall_ms;
    if (stall_ms == 0)
        return;
    note_moved(transfer);
    ev_timer_set(&transfer->stall, (double)stall_ms / 1000, 0);
    ev_timer_start(transfer->client->pools.loop, &transfer->stall);
}

struct http_transfer *http_client_start(
    struct http_client *client, const struct http_transfer_options *options, struct error **err)
{
    static const struct http_identity nobody;
    const struct http_identity *identity = options->identity != NULL ? options->identity : &nobody;
    struct http_transfer *transfer = xcalloc(1, sizeof(*transfer));
    transfer->client = client;
    transfer->limit = options->limit;
    transfer->on_data = options->on_data;
    transfer->on_done = options->on_done;
    transfer->user = options->user;
    transfer->body = options->body != NULL ? xmemdup(options->body, options->length) : NULL;
    transfer->file = options->file != NULL ? *options->file : (struct http_file){.fd = -1};
    transfer->length = options->length;
    transfer->member.on_end = on_end;
    transfer->member.on_ready = on_ready;
    http_pools_add(&client->pools, &transfer->member);
    watch_stall(transfer, options->stall_ms);
    CURL *easy = transfer->member.easy;
    note(transfer, curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text));
    note(transfer, curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive));
    note(transfer, curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer));
    set_request(transfer, options, identity);
    note(transfer, http_endpoint_apply(&client->endpoint, identity, easy));
    if (transfer->setup == CURLE_OK && http_member_run(&transfer->member))
        return transfer;
    error_set(err, ERROR_INTERNAL, "libcurl refuses the request: %s",
        curl_easy_strerror(transfer->setup));
    transfer_free(transfer);
    return NULL;
}

uint64_t http_transfer_sent(const struct http_transfer *transfer)
{
    return transfer->sent;
}

const char *http_transfer_header(
    const struct http_transfer *transfer, const char *name, size_t index)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(transfer->member.easy, name, index, CURLH_HEADER, -1, &header) !=
        CURLHE_OK)
        return NULL;
    return header->value;
}

void http_transfer_cancel(struct http_transfer *transfer)
{
    transfer->is_over = true;
    if (!transfer->is_busy)
        transfer_free(transfer);
}

struct http_client *http_client_new(
    const struct http_target *target, const char *user_agent, struct error **err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(err, ERROR_INTERNAL, "libcurl cannot be initialized");
        return NULL;
    }
    struct http_client *client = xcalloc(1, sizeof(*client));
    client->user_agent = xstrdup(user_agent);
    http_pools_init(&client->pools, ev_default_loop(EVFLAG_AUTO));
    if (http_endpoint_init(&client->endpoint, target, err) < 0) {
        http_client_free(client);
        return NULL;
    }
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->pools.members != NULL)
        http_transfer_cancel((struct http_transfer *)client->pools.members);
    http_pools_clear(&client->pools);
    http_endpoint_clear(&client->endpoint);
    free(client->user_agent);
    free(client);
    curl_global_cleanup();
}
