#include "kube/client.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/unused.h"
#include "kube/exchange.h"
#include "kube/list.h"
#include "kube/request.h"
#include "kube/retry.h"

enum { DEFAULT_QPS = 50, DEFAULT_BURST = 100, DEFAULT_TIMEOUT_MS = 30000, DEFAULT_RETRIES = 5 };

struct kube_client {
    struct kube_session session;
    int64_t timeout_ms;
    int retries;
    kube_warn *warn;
    void *user;
};

struct kube_call {
    struct kube_client *client;
    struct kube_exchange exchange;
    ev_timer timer; /* until the next try */
    int tries; /* that have been made */
    bool idempotent;
    bool no_body; /* the answer's body is not wanted */
    struct kube_list_sink each; /* of a list; on_item NULL: none */
    struct kube_list *list; /* of this try, where each is set; owned */
    const char *impossible; /* why the request is invalid, or NULL */
    bool is_ending; /* done is being called: the call ends after it */
    kube_done *done;
    void *user;
};

/* The API server; borrows the strings of config. */
static struct http_target target_of(const struct kube_config *config)
{
    return (struct http_target){
        .url = config->server,
        .tls_server_name = config->tls_server_name,
        .proxy_url = config->proxy_url,
        .insecure = config->insecure,
        .ca_file = config->ca_file,
        .ca_data = config->ca_data,
        .certificate_file = config->certificate_file,
        .certificate_data = config->certificate_data,
        .key_file = config->key_file,
        .key_data = config->key_data,
    };
}

struct kube_client *kube_client_new(
    const struct kube_config *config, const struct kube_client_options *options, struct error **err)
{
    struct kube_client *client = xcalloc(1, sizeof(*client));
    struct kube_session *session = &client->session;
    session->config = kube_config_copy(config);
    session->credentials = kube_credentials_new(session->config);
    session->observe = options->observe;
    session->user = options->user;
    client->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    client->retries = options->retries != 0 ? options->retries : DEFAULT_RETRIES;
    client->warn = options->warn;
    client->user = options->user;
    kube_bucket_init(&session->bucket, options->qps > 0 ? options->qps : DEFAULT_QPS,
        options->burst > 0 ? options->burst : DEFAULT_BURST);
    const struct http_target target = target_of(session->config);
    session->http = http_client_new(&target, options->user_agent, err);
    if (session->http == NULL) {
        kube_client_free(client);
        return NULL;
    }
    return client;
}

void kube_client_free(struct kube_client *client)
{
    if (client == NULL)
        return;
    struct kube_session *session = &client->session;
    while (session->exchanges != NULL)
        session->exchanges->abandon(session->exchanges->user);
    http_client_free(session->http);
    kube_credentials_free(session->credentials);
    kube_bucket_clear(&session->bucket);
    kube_config_free(session->config);
    free(client);
}

struct kube_session *kube_client_session(struct kube_client *client)
{
    return &client->session;
}

void kube_client_warn(struct kube_client *client, const char *format, ...)
{
    if (client->warn == NULL)
        return;
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    client->warn(client->user, message);
}

static void call_free(struct kube_call *call)
{
    ev_timer_stop(ev_default_loop(EVFLAG_AUTO), &call->timer);
    kube_exchange_clear(&call->exchange);
    kube_list_free(call->list);
    free(call);
}

static void abandon(void *user)
{
    call_free(user);
}

static void finish(struct kube_call *call, int code, json_t *body, struct kube_failure *failure)
{
    struct kube_answer answer = {.code = code, .body = body, .failure = failure};
    call->is_ending = true;
    call->done(call->user, &answer);
    call_free(call);
}

static void wait(struct kube_call *call, int64_t milliseconds)
{
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    ev_now_update(loop);
    ev_timer_set(&call->timer, (double)milliseconds / 1000, 0);
    ev_timer_start(loop, &call->timer);
}

static void on_data(void *user, const char *data, size_t length)
{
    struct kube_call *call = user;
    kube_list_feed(call->list, data, length);
}

/* What came of a try, as kube_exchange_read says. */
static struct kube_failure *read_answer(
    struct kube_call *call, const struct http_outcome *outcome, json_t **body)
{
    if (call->list == NULL)
        return kube_exchange_read(&call->exchange, outcome, call->no_body ? NULL : body);
    struct kube_failure *failure = kube_exchange_read(&call->exchange, outcome, NULL);
    auto_error struct error *error = NULL;
    if (failure == NULL)
        *body = kube_list_end(call->list, &error);
    if (error != NULL)
        failure = kube_failure_new(call->exchange.what, KUBE_UNREACHABLE, outcome->code,
            "the answer of %s cannot be used: %s", call->exchange.session->config->server,
            error->message);
    return failure;
}

static void on_end(void *user, const struct http_outcome *outcome)
{
    struct kube_call *call = user;
    auto_json json_t *body = NULL;
    auto_kube_failure struct kube_failure *failure = read_answer(call, outcome, &body);
    int retries = call->client->retries;
    if (failure != NULL && call->tries <= retries &&
        kube_retry_is_due(failure, outcome->fault, call->idempotent)) {
        wait(call, kube_retry_delay_ms(failure, call->tries));
        return;
    }
    finish(call, outcome->code, body, failure);
}

/* Before each try, so that none sees what an earlier one has read. */
static void expect_list(struct kube_call *call)
{
    if (call->each.on_item == NULL)
        return;
    kube_list_free(call->list);
    call->list = kube_list_new(&call->each);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct kube_call *call = timer->data;
    if (call->impossible != NULL) {
        auto_kube_failure struct kube_failure *failure =
            kube_failure_new(call->exchange.what, KUBE_BAD_REQUEST, 0, "%s", call->impossible);
        finish(call, 0, NULL, failure);
        return;
    }
    call->tries++;
    expect_list(call);
    kube_exchange_start(&call->exchange);
}

struct kube_call *kube_call_start(
    struct kube_client *client, const struct kube_request *request, kube_done *done, void *user)
{
    struct kube_call *call = xcalloc(1, sizeof(*call));
    call->client = client;
    kube_exchange_init(&call->exchange, &client->session);
    call->exchange.timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : client->timeout_ms;
    call->exchange.on_end = on_end;
    call->exchange.abandon = abandon;
    call->exchange.user = call;
    call->idempotent = kube_request_is_idempotent(request);
    call->no_body = request->no_body;
    if (request->each != NULL) {
        call->each = *request->each;
        call->exchange.on_data = on_data;
    }
    call->impossible = kube_request_fill(request, &call->exchange);
    call->done = done;
    call->user = user;
    ev_init(&call->timer, on_timer);
    call->timer.data = call;
    wait(call, 0); /* done is called from the loop in any case */
    return call;
}

void kube_call_cancel(struct kube_call *call)
{
    if (!call->is_ending)
        call_free(call);
}
