#include "oci/wire.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "http/url.h"

#define TICK_S 0.1

enum { MAX_DEPTH = 16, MAX_WORDS = 400 };

/* A server that was reached, with its connections. */
struct peer {
    struct peer *prev, *next;
    char *origin;
    struct http_client *client;
};

struct oci_wire {
    struct oci_wire_options options;
    struct peer *peers;
    bool is_canceled;
};

/* A request that runs. */
struct call {
    struct oci_wire *wire;
    const struct oci_request *request;
    struct oci_answer *answer;
    struct http_transfer *transfer;
    uint64_t received; /* given to the sink */
    struct error *error; /* owned */
    bool is_done;
};

struct oci_wire *oci_wire_new(const struct oci_wire_options *options)
{
    struct oci_wire *wire = xcalloc(1, sizeof(*wire));
    wire->options = *options;
    return wire;
}

static void peer_free(struct peer *peer)
{
    http_client_free(peer->client);
    free(peer->origin);
    free(peer);
}

void oci_wire_free(struct oci_wire *wire)
{
    struct peer *peer = NULL;
    struct peer *next = NULL;
    if (wire == NULL)
        return;
    DL_FOREACH_SAFE (wire->peers, peer, next)
        peer_free(peer);
    free(wire);
}

int oci_wire_allow(const struct oci_wire *wire, const char *url, struct error **err)
{
    struct http_url parts;
    if (http_url_split(url, &parts) < 0) {
        auto_free char *shown = text_printable(url, strlen(url), 200);
        return error_set(err, ERROR_POLICY, "\"%s\" is not a URL of HTTP without a user", shown);
    }
    int result = 0;
    if (streq(parts.scheme, "http") && !wire->options.plain_http && !http_url_is_loopback(url))
        result = error_set(err, ERROR_POLICY,
            "%s is not encrypted: plain HTTP must be asked for, with --plain-http", parts.origin);
    http_url_clear(&parts);
    return result;
}

/* The client of a server, borrowed; NULL with an error. */
static struct http_client *reach(struct oci_wire *wire, const char *origin, struct error **err)
{
    struct peer *peer = NULL;
    DL_FOREACH (wire->peers, peer) {
        if (streq(peer->origin, origin))
            return peer->client;
    }
    peer = xcalloc(1, sizeof(*peer));
    peer->origin = xstrdup(origin);
    const struct http_target target = {.url = peer->origin, .ca_file = wire->options.ca_file};
    peer->client = http_client_new(&target, wire->options.user_agent, err);
    if (peer->client == NULL) {
        free(peer->origin);
        free(peer);
        return NULL;
    }
    DL_APPEND(wire->peers, peer);
    return peer->client;
}

static void end(struct call *call)
{
    call->is_done = true;
    call->transfer = NULL;
}

static void on_data(void *user, const char *data, size_t length)
{
    struct call *call = user;
    const struct oci_sink *sink = call->request->sink;
    call->received += length;
    if (sink->take(sink->user, data, length, &call->error) == 0)
        return;
    http_transfer_cancel(call->transfer);
    end(call);
}

static char *copy_header(const struct http_outcome *outcome, const char *name)
{
    const char *value = http_transfer_header(outcome->transfer, name, 0);
    return value != NULL ? xstrdup(value) : NULL;
}

static void keep_answer(struct oci_answer *answer, const struct http_outcome *outcome)
{
    const char *header = NULL;
    answer->code = outcome->code;
    answer->body = xstrndup(outcome->body, outcome->length);
    answer->length = strlen(answer->body);
    answer->content_type = xstrdup(outcome->content_type);
    answer->location = copy_header(outcome, "Location");
    answer->digest = copy_header(outcome, "Docker-Content-Digest");
    answer->content_length = copy_header(outcome, "Content-Length");
    answer->retry_after = outcome->retry_after;
    for (size_t i = 0;
         (header = http_transfer_header(outcome->transfer, "WWW-Authenticate", i)) != NULL; i++)
        oci_challenge_read(&answer->challenge, header);
}

static void on_done(void *user, const struct http_outcome *outcome)
{
    struct call *call = user;
    switch (outcome->fault) {
    case HTTP_FAULT_NONE:
        keep_answer(call->answer, outcome);
        break;
    case HTTP_FAULT_TOO_LARGE:
        error_set(&call->error, ERROR_REMOTE, "the answer is larger than %zu bytes",
            call->request->limit);
        break;
    case HTTP_FAULT_NOT_SENT:
        call->answer->not_sent = true;
        /* fall through */
    default:
        error_set(
            &call->error, outcome->timed_out ? ERROR_TIMEOUT : ERROR_REMOTE, "%s", outcome->why);
    }
    end(call);
}

static void tell(const struct call *call)
{
    const struct oci_wire_options *options = &call->wire->options;
    uint64_t sent = call->transfer != NULL ? http_transfer_sent(call->transfer) : 0;
    if (options->on_tick != NULL)
        options->on_tick(options->user, sent > call->received ? sent : call->received);
}

static void on_tick(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    tell(timer->data);
}

/* Runs the loop until the request or pause is done. */
static int wait_for(struct call *call, struct error **err)
{
    struct ev_timer tick;
    tell(call); /* many short requests can be canceled, too */
    ev_timer_init(&tick, on_tick, TICK_S, TICK_S);
    tick.data = call;
    ev_timer_start(EV_DEFAULT_ & tick);
    while (!call->is_done && !call->wire->is_canceled)
        ev_run(EV_DEFAULT_ EVRUN_ONCE);
    ev_timer_stop(EV_DEFAULT_ & tick);
    if (!call->is_done) {
        if (call->transfer != NULL)
            http_transfer_cancel(call->transfer);
        return error_set(err, ERROR_CANCELED, "interrupted");
    }
    return call->error != NULL ? error_move(err, call->error) : 0;
}

static int call_once(struct oci_wire *wire, const struct oci_request *request,
    struct oci_answer *answer, struct error **err)
{
    struct http_url url;
    *answer = (struct oci_answer){0};
    if (wire->is_canceled)
        return error_set(err, ERROR_CANCELED, "interrupted");
    if (oci_wire_allow(wire, request->url, err) < 0 || http_url_split(request->url, &url) < 0)
        return -1;
    struct call call = {.wire = wire, .request = request, .answer = answer};
    const struct http_transfer_options options = {
        .method = request->method,
        .path = url.path,
        .accept = request->accept,
        .headers = request->headers,
        .body = request->body,
        .file = request->file,
        .length = request->length,
        .content_type = request->content_type,
        .identity = request->identity,
        .stall_ms = wire->options.stall_ms,
        .limit = request->sink != NULL ? SIZE_MAX / 2 : request->limit,
        .on_data = request->sink != NULL ? on_data : NULL,
        .on_done = on_done,
        .user = &call,
    };
    struct http_client *client = reach(wire, url.origin, err);
    if (client != NULL)
        call.transfer = http_client_start(client, &options, err);
    http_url_clear(&url);
    return call.transfer != NULL ? wait_for(&call, err) : -1;
}

static void on_pause_end(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct call *call = timer->data;
    call->is_done = true;
}

static int pause_for(struct oci_wire *wire, int64_t seconds, struct error **err)
{
    struct call call = {.wire = wire};
    struct ev_timer timer;
    ev_now_update(EV_DEFAULT);
    ev_timer_init(&timer, on_pause_end, (double)seconds, 0);
    timer.data = &call;
    ev_timer_start(EV_DEFAULT_ & timer);
    int result = wait_for(&call, err);
    ev_timer_stop(EV_DEFAULT_ & timer);
    return result;
}

int oci_wire_call(struct oci_wire *wire, const struct oci_request *request,
    struct oci_answer *answer, struct error **err)
{
    for (int retries = 0;; retries++) {
        if (call_once(wire, request, answer, err) < 0)
            return -1;
        int64_t seconds = answer->retry_after > 0 ? answer->retry_after : (int64_t)1 << retries;
        if (!oci_answer_is_busy(answer) || request->once || retries == OCI_WIRE_RETRIES ||
            seconds > OCI_WIRE_LONGEST_PAUSE_S)
            return 0;
        oci_answer_clear(answer);
        if (pause_for(wire, seconds, err) < 0)
            return -1;
    }
}

void oci_wire_cancel(struct oci_wire *wire)
{
    wire->is_canceled = true;
}

void oci_answer_clear(struct oci_answer *answer)
{
    if (answer->body != NULL)
        free_secret(answer->body, answer->length);
    free(answer->content_type);
    free(answer->location);
    free(answer->digest);
    free(answer->content_length);
    oci_challenge_clear(&answer->challenge);
    *answer = (struct oci_answer){0};
}

bool oci_answer_is_busy(const struct oci_answer *answer)
{
    enum { TOO_MANY_REQUESTS = 429, UNAVAILABLE = 503 };
    return answer->code == TOO_MANY_REQUESTS || answer->code == UNAVAILABLE;
}

/* The registry's own words about a failure, ": CODE: message", or "". Owned by the caller.
 * Source: OCI distribution specification, error codes. */
static char *words_of(const struct oci_answer *answer)
{
    auto_json json_t *root = json_parse(answer->body, answer->length, MAX_DEPTH, NULL);
    const json_t *first = json_array_get(json_object_get(root, "errors"), 0);
    const char *code = json_get_string(first, "code");
    const char *message = text_or(json_get_string(first, "message"), "");
    if (code == NULL)
        return xstrdup("");
    auto_free char *words = xasprintf("%s: %s", code, message);
    auto_free char *shown = text_printable(words, strlen(words), MAX_WORDS);
    return xasprintf(": %s", shown);
}

int oci_answer_refuse(const struct oci_answer *answer, const char *what, struct error **err)
{
    auto_free char *words = words_of(answer);
    enum error_class class = ERROR_REMOTE;
    if (answer->code == 401 || answer->code == 403)
        class = ERROR_POLICY;
    else if (answer->code == 404)
        class = ERROR_INPUT;
    return error_set(err, class, "%s: the registry answers %d%s", what, answer->code, words);
}
