#include "kube/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/list.h"

enum {
    MAX_ANSWER = 64 << 20, /* bytes */
    MAX_SHOWN = 300, /* bytes of an answer that is not JSON, in a message */
};

static const char answer_type[] = "application/json";

static void on_turn(void *user);
static void on_identity(void *user, const struct error *err);

void kube_exchange_init(struct kube_exchange *exchange, struct kube_session *session)
{
    exchange->session = session;
    exchange->limit = MAX_ANSWER;
    exchange->turn.on_token = on_turn;
    exchange->turn.user = exchange;
    exchange->identity.on_ready = on_identity;
    exchange->identity.user = exchange;
    DL_APPEND(session->exchanges, exchange);
}

/* Ends a try for which no transfer was started. */
static void end_without_answer(struct kube_exchange *exchange, const char *why)
{
    struct http_outcome outcome = {
        .fault = HTTP_FAULT_REFUSED, .why = why, .content_type = "", .body = ""};
    exchange->on_end(exchange->user, &outcome);
}

static void pass_data(void *user, const char *data, size_t length)
{
    struct kube_exchange *exchange = user;
    exchange->on_data(exchange->user, data, length);
}

static void on_done(void *user, const struct http_outcome *outcome)
{
    struct kube_exchange *exchange = user;
    struct kube_session *session = exchange->session;
    exchange->transfer = NULL; /* it is freed after this */
    if (session->observe != NULL)
        session->observe(session->user, exchange->verb, outcome->code, outcome->seconds);
    bool unknown = outcome->fault == HTTP_FAULT_NONE && outcome->code == 401;
    if (unknown && !exchange->refreshed &&
        kube_credentials_refused(session->credentials, exchange->generation)) {
        exchange->refreshed = true;
        kube_exchange_start(exchange);
        return;
    }
    exchange->on_end(exchange->user, outcome);
}

static void on_identity(void *user, const struct error *err)
{
    struct kube_exchange *exchange = user;
    struct kube_session *session = exchange->session;
    if (err != NULL) {
        end_without_answer(exchange, err->message);
        return;
    }
    struct http_identity identity =
        kube_credentials_identity(session->credentials, &exchange->generation);
    auto_error struct error *refusal = NULL;
    exchange->transfer = http_client_start(session->http,
        &(struct http_transfer_options){
            .method = exchange->method,
            .path = exchange->path,
            .accept = answer_type,
            .body = exchange->body,
            .length = exchange->body != NULL ? strlen(exchange->body) : 0,
            .content_type = exchange->content_type,
            .identity = &identity,
            .timeout_ms = exchange->timeout_ms,
            .limit = exchange->limit,
            .on_data = exchange->on_data != NULL ? pass_data : NULL,
            .on_done = on_done,
            .user = exchange,
        },
        &refusal);
    if (exchange->transfer == NULL)
        end_without_answer(exchange, refusal->message);
}

static void on_turn(void *user)
{
    struct kube_exchange *exchange = user;
    kube_credentials_await(exchange->session->credentials, &exchange->identity);
}

void kube_exchange_start(struct kube_exchange *exchange)
{
    if (kube_bucket_take(&exchange->session->bucket, &exchange->turn))
        on_turn(exchange);
}

void kube_exchange_clear(struct kube_exchange *exchange)
{
    kube_bucket_leave(&exchange->session->bucket, &exchange->turn);
    kube_credentials_leave(exchange->session->credentials, &exchange->identity);
    if (exchange->transfer != NULL)
        http_transfer_cancel(exchange->transfer);
    DL_DELETE(exchange->session->exchanges, exchange);
    free(exchange->what);
    free(exchange->path);
    free_secret(exchange->body, exchange->body != NULL ? strlen(exchange->body) : 0);
}

/* An answer's JSON, or NULL with an error; line 0 of *fault when the text is JSON. */
static json_t *parse(
    const struct http_outcome *outcome, struct json_fault *fault, struct error **err)
{
    const struct json_limits limits = kube_object_limits(NULL);
    return json_build(outcome->body, outcome->length, &limits, fault, err);
}

/* The failure in an answer, which may be plain text from a proxy. */
static struct kube_failure *read_refusal(
    const struct kube_exchange *exchange, const struct http_outcome *outcome)
{
    auto_json json_t *status = parse(outcome, NULL, NULL);
    if (!json_is_object(status)) {
        size_t length = strcspn(outcome->body, "\r\n");
        auto_free char *line = text_printable(outcome->body, length, MAX_SHOWN);
        json_decref(status);
        status = line[0] != '\0' ? json_pack("{s:s}", "message", line) : NULL;
    }
    return kube_failure_from_answer(exchange->what, outcome->code, status, outcome->retry_after);
}

struct kube_failure *kube_exchange_read(
    const struct kube_exchange *exchange, const struct http_outcome *outcome, json_t **body)
{
    if (outcome->fault == HTTP_FAULT_TOO_LARGE)
        return kube_failure_new(exchange->what, KUBE_TOO_LARGE, outcome->code,
            "the answer is larger than %zu MiB", exchange->limit >> 20);
    if (outcome->fault != HTTP_FAULT_NONE)
        return kube_failure_unreachable(exchange->what, outcome->why);
    if (outcome->code < 200 || outcome->code > 299)
        return read_refusal(exchange, outcome);
    const char *server = exchange->session->config->server;
    if (body == NULL && text_starts_with(outcome->content_type, answer_type))
        return NULL;
    struct json_fault fault = {.line = 1};
    auto_error struct error *err = NULL;
    if (body != NULL)
        *body = parse(outcome, &fault, &err);
    if (body != NULL && *body != NULL)
        return NULL;
    if (fault.line > 0)
        return kube_failure_new(exchange->what, KUBE_UNREACHABLE, outcome->code,
            "the answer from %s is not JSON", server);
    return kube_failure_new(exchange->what, KUBE_TOO_LARGE, outcome->code,
        "the answer from %s cannot be used: %s", server, err->message);
}
