#include "controller/server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "controller/http.h"
#include "controller/metrics.h"

enum {
    WEBHOOK_CONNECTIONS = 512,
    HEALTH_CONNECTIONS = 64,
    MAX_HEALTH_BODY = 4096,
};

struct controller_server {
    struct controller_http *http;
    struct controller_rules_store *rules; /* of the webhooks */
    struct controller_health health;
    struct controller_http_route routes[3];
};

static void reply_error(struct controller_http_reply *reply, int code, const char *why)
{
    reply->code = code;
    reply->body = xasprintf("%s\n", why);
}

static void review(const struct controller_server *server, enum controller_webhook webhook,
    const char *body, size_t length, struct controller_http_reply *reply)
{
    double start = clock_seconds();
    auto_controller_rules struct controller_rules *rules =
        controller_rules_store_current(server->rules);
    if (rules == NULL) {
        reply_error(reply, 503, "the policy was not read yet");
        return;
    }
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_error struct error *error = NULL;
    auto_json json_t *answer =
        controller_review(webhook, body, length, controller_rules_options(rules), &outcome, &error);
    if (answer != NULL) {
        reply->code = 200;
        reply->content_type = "application/json";
        reply->body = json_dumps(answer, JSON_COMPACT);
    } else {
        reply_error(reply, 400, error->message);
    }
    controller_metrics_review(webhook, outcome, clock_seconds() - start);
}

static void answer_mutate(
    void *user, const char *body, size_t length, struct controller_http_reply *reply)
{
    review(user, CONTROLLER_MUTATE_PODS, body, length, reply);
}

static void answer_validate(
    void *user, const char *body, size_t length, struct controller_http_reply *reply)
{
    review(user, CONTROLLER_VALIDATE_MACHINES, body, length, reply);
}

static void answer_metrics(
    void *user, const char *body, size_t length, struct controller_http_reply *reply)
{
    (void)body;
    (void)length;
    const struct controller_server *server = user;
    reply->code = 200;
    /* Source: Prometheus, "Exposition formats", the text format. */
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply->body = server->health.metrics(server->health.user);
}

static void answer_healthy(
    void *user, const char *body, size_t length, struct controller_http_reply *reply)
{
    (void)user;
    (void)body;
    (void)length;
    reply->code = 200;
    reply->body = xstrdup("ok\n");
}

static void answer_ready(
    void *user, const char *body, size_t length, struct controller_http_reply *reply)
{
    const struct controller_server *server = user;
    const char *why_not = "not ready";
    if (server->health.ready(server->health.user, &why_not))
        answer_healthy(user, body, length, reply);
    else
        reply_error(reply, 503, why_not);
}

static struct controller_server *start(
    struct controller_server *server, struct controller_http_options *options, struct error **err)
{
    options->routes = server->routes;
    for (size_t i = 0; i < ARRAY_SIZE(server->routes); i++) {
        server->routes[i].user = server;
        options->route_count += server->routes[i].path != NULL;
    }
    server->http = controller_http_new(options, err);
    if (server->http != NULL)
        return server;
    free(server);
    return NULL;
}

struct controller_server *controller_server_webhooks(
    const struct controller_webhook_options *webhooks, struct error **err)
{
    struct controller_server *server = xcalloc(1, sizeof(*server));
    server->rules = webhooks->rules;
    server->routes[0] = (struct controller_http_route){
        .path = "/mutate-pods", .post = true, .answer = answer_mutate};
    server->routes[1] = (struct controller_http_route){
        .path = "/validate-machines", .post = true, .answer = answer_validate};
    struct controller_http_options options = {
        .name = "webhook server",
        .listen = webhooks->listen,
        .certificates = webhooks->certificates,
        .threads = webhooks->threads,
        .connections = WEBHOOK_CONNECTIONS,
        .max_body = CONTROLLER_REVIEW_MAX_BYTES,
    };
    return start(server, &options, err);
}

struct controller_server *controller_server_health(
    const char *listen, const struct controller_health *health, struct error **err)
{
    struct controller_server *server = xcalloc(1, sizeof(*server));
    server->health = *health;
    server->routes[0] =
        (struct controller_http_route){.path = "/metrics", .answer = answer_metrics};
    server->routes[1] =
        (struct controller_http_route){.path = "/healthz", .answer = answer_healthy};
    server->routes[2] = (struct controller_http_route){.path = "/readyz", .answer = answer_ready};
    struct controller_http_options options = {
        .name = "metrics server",
        .listen = listen,
        .connections = HEALTH_CONNECTIONS,
        .max_body = MAX_HEALTH_BODY,
    };
    return start(server, &options, err);
}

int controller_server_port(const struct controller_server *server)
{
    return controller_http_port(server->http);
}

void controller_server_dismiss(struct controller_server *server)
{
    controller_http_dismiss(server->http);
}

void controller_server_quiesce(struct controller_server *server)
{
    controller_http_quiesce(server->http);
}

bool controller_server_busy(const struct controller_server *server)
{
    return controller_http_busy(server->http);
}

void controller_server_free(struct controller_server *server)
{
    if (server == NULL)
        return;
    controller_http_free(server->http);
    free(server);
}
