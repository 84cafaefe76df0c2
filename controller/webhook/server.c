#include "controller/webhook/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/publication.h"
#include "controller/metrics.h"
#include "controller/webhook/admission.h"
#include "http/request.h"
#include "http/server.h"

enum {
    HEALTH_CONNECTIONS = 64,
    MAX_HEALTH_BODY = 4096,
};

struct controller_server {
    struct http_server *http;
    const char *name; /* for messages; static */
    struct controller_rules_store *rules; /* of the webhooks */
    struct tls_certificate_store *certificates; /* of the webhooks */
    struct tls_client_ca *client_ca; /* of the webhooks; or NULL */
    struct controller_health health;
    void (*complete)(void *user, struct http_request *request); /* VMs; NULL: none */
    void *complete_user;
    struct http_route routes[CONTROLLER_WEBHOOKS];
};

static void answer_text(
    struct http_request *request, int code, const char *content_type, char *take)
{
    http_request_answer(request, code, content_type, take, strlen(take));
}

static void answer_error(struct http_request *request, int code, const char *why)
{
    answer_text(request, code, NULL, xasprintf("%s\n", why));
}

/* Answers with a review, or with the error if it is NULL. */
static void answer_review(
    struct http_request *request, const json_t *review, const struct error *error)
{
    if (review != NULL)
        answer_text(request, 200, "application/json", json_write(review));
    else
        answer_error(request, 400, error->message);
}

static void review(const struct controller_server *server, enum controller_webhook webhook,
    struct http_request *request)
{
    double start = clock_seconds();
    auto_controller_rules struct controller_rules *rules =
        controller_rules_store_current(server->rules);
    if (rules == NULL) {
        answer_error(request, 503, "the policy has not been read yet");
        return;
    }
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_error struct error *error = NULL;
    size_t length = 0;
    const char *body = http_request_body(request, &length);
    auto_json json_t *answer =
        controller_review(webhook, body, length, controller_rules_options(rules), &outcome, &error);
    answer_review(request, answer, error);
    controller_metrics_review(webhook, outcome, clock_seconds() - start);
}

/* A review that needs no rules. */
typedef json_t *review_function(
    const char *body, size_t length, enum controller_review_outcome *outcome, struct error **err);

static void review_with(
    review_function *function, enum controller_webhook webhook, struct http_request *request)
{
    double start = clock_seconds();
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_error struct error *error = NULL;
    size_t length = 0;
    const char *body = http_request_body(request, &length);
    auto_json json_t *answer = function(body, length, &outcome, &error);
    answer_review(request, answer, error);
    controller_metrics_review(webhook, outcome, clock_seconds() - start);
}

/* A VM that has nothing to do with appliances is answered at once. */
static void answer_complete(void *user, struct http_request *request)
{
    const struct controller_server *server = user;
    size_t length = 0;
    const char *body = http_request_body(request, &length);
    if (server->complete != NULL && controller_publication_concerns(body, length))
        server->complete(server->complete_user, request);
    else
        review_with(controller_publication_refuse, CONTROLLER_COMPLETE_MACHINES, request);
}

static void answer_publication(UNUSED void *user, struct http_request *request)
{
    review_with(controller_publication_review, CONTROLLER_VALIDATE_APPLIANCES, request);
}

static void answer_mutate(void *user, struct http_request *request)
{
    review(user, CONTROLLER_MUTATE_PODS, request);
}

static void answer_validate(void *user, struct http_request *request)
{
    review(user, CONTROLLER_VALIDATE_MACHINES, request);
}

static void answer_metrics(void *user, struct http_request *request)
{
    const struct controller_server *server = user;
    /* Source: Prometheus, "Exposition formats", the text format. */
    answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8",
        server->health.metrics(server->health.user));
}

static void answer_healthy(UNUSED void *user, struct http_request *request)
{
    answer_text(request, 200, NULL, xstrdup("ok\n"));
}

static void answer_ready(void *user, struct http_request *request)
{
    const struct controller_server *server = user;
    const char *why_not = "not ready";
    if (server->health.ready(server->health.user, &why_not))
        answer_healthy(user, request);
    else
        answer_error(request, 503, why_not);
}

static void *hold_certificate(void *user)
{
    const struct controller_server *server = user;
    return tls_certificate_store_current(server->certificates);
}

static void get_certificate(
    void *held, gnutls_pcert_st **chain, unsigned *count, gnutls_privkey_t *key)
{
    *chain = tls_certificate_chain(held, count);
    *key = tls_certificate_key(held);
}

static void release_certificate(void *held)
{
    tls_certificate_unref(held);
}

static int check_client(void *user, gnutls_session_t session)
{
    const struct controller_server *server = user;
    auto_error struct error *error = NULL;
    int status = tls_client_ca_check(server->client_ca, session, &error);
    if (status < 0)
        log_debug("%s: %s", server->name, error->message);
    return status;
}

static void on_bad(UNUSED void *user, const char *reason)
{
    controller_metrics_bad_connection(reason);
}

static void on_trouble(void *user, const char *message)
{
    const struct controller_server *server = user;
    log_debug("%s: %s", server->name, message);
}

static void on_shortage(void *user, int errnum)
{
    const struct controller_server *server = user;
    const char *remedy = errnum == EMFILE   ? "; raise the container's limit of open files"
                         : errnum == ENFILE ? "; raise the node's limit, the sysctl fs.file-max"
                                            : "";
    log_warning("%s: new connections wait, and idle ones are closed: accepting failed: %s%s",
        server->name, strerrordesc_np(errnum), remedy);
}

static struct controller_server *start(
    struct controller_server *server, struct http_server_options *options, struct error **err)
{
    server->name = options->name;
    options->routes = server->routes;
    options->on_trouble = on_trouble;
    options->on_shortage = on_shortage;
    options->user = server;
    for (size_t i = 0; i < ARRAY_SIZE(server->routes); i++) {
        server->routes[i].user = server;
        options->route_count += server->routes[i].path != NULL;
    }
    server->http = http_server_new(options, err);
    if (server->http != NULL)
        return server;
    free(server);
    return NULL;
}

static struct http_route webhook_route(const char *path, http_handler *handler)
{
    return (struct http_route){
        .path = path,
        .method = HTTP_POST,
        .content_type = "application/json",
        .handler = handler,
    };
}

struct controller_server *controller_server_webhooks(
    const struct controller_webhook_options *webhooks, struct error **err)
{
    struct controller_server *server = xcalloc(1, sizeof(*server));
    server->rules = webhooks->rules;
    server->certificates = webhooks->certificates;
    server->client_ca = webhooks->client_ca;
    server->complete = webhooks->complete;
    server->complete_user = webhooks->complete_user;
    server->routes[0] = webhook_route("/mutate-pods", answer_mutate);
    server->routes[1] = webhook_route("/complete-machines", answer_complete);
    server->routes[2] = webhook_route("/validate-machines", answer_validate);
    server->routes[3] = webhook_route("/validate-appliances", answer_publication);
    const struct http_certificates certificates = {
        .hold = hold_certificate,
        .get = get_certificate,
        .release = release_certificate,
        .check_client = server->client_ca != NULL ? check_client : NULL,
        .user = server,
    };
    struct http_server_options options = {
        .name = "webhook server",
        .listen = webhooks->listen,
        .certificates = &certificates,
        .on_bad = on_bad,
        .threads = webhooks->threads,
        .connections = webhooks->connections,
        .max_body = CONTROLLER_ADMISSION_MAX_BYTES,
        .memory = CONTROLLER_SERVER_BODIES_BYTES,
    };
    return start(server, &options, err);
}

/* Serves /healthz and /readyz, and /metrics if that is the handler. */
static struct controller_server *start_plain(const char *name, const char *listen,
    const struct controller_health *health, http_handler *metrics, struct error **err)
{
    struct controller_server *server = xcalloc(1, sizeof(*server));
    size_t count = 0;
    server->health = *health;
    if (metrics != NULL)
        server->routes[count++] = (struct http_route){.path = "/metrics", .handler = metrics};
    server->routes[count++] = (struct http_route){.path = "/healthz", .handler = answer_healthy};
    server->routes[count++] = (struct http_route){.path = "/readyz", .handler = answer_ready};
    struct http_server_options options = {
        .name = name,
        .listen = listen,
        .connections = HEALTH_CONNECTIONS,
        .max_body = MAX_HEALTH_BODY,
    };
    return start(server, &options, err);
}

struct controller_server *controller_server_metrics(
    const char *listen, const struct controller_health *health, struct error **err)
{
    return start_plain("metrics server", listen, health, answer_metrics, err);
}

struct controller_server *controller_server_health(
    const char *listen, const struct controller_health *health, struct error **err)
{
    return start_plain("health server", listen, health, NULL, err);
}

int controller_server_port(const struct controller_server *server)
{
    return http_server_port(server->http);
}

void controller_server_dismiss(struct controller_server *server)
{
    http_server_dismiss(server->http);
}

void controller_server_quiesce(struct controller_server *server)
{
    http_server_quiesce(server->http);
}

bool controller_server_busy(const struct controller_server *server)
{
    return http_server_busy(server->http);
}

void controller_server_free(struct controller_server *server)
{
    if (server == NULL)
        return;
    http_server_free(server->http);
    free(server);
}
