/* The HTTP servers: the webhooks over TLS on their own threads, and metrics and health over plain
 * HTTP on the default loop. http/server.h says how they keep clients from keeping out others. */
#ifndef CONTROLLER_WEBHOOK_SERVER_H
#define CONTROLLER_WEBHOOK_SERVER_H

#include <stdbool.h>

#include "base/error.h"
#include "controller/webhook/rules.h"
#include "http/request.h"
#include "tls/certificate_store.h"
#include "tls/client_ca.h"

enum { CONTROLLER_SERVER_BODIES_BYTES = 32 * 1024 * 1024 }; /* of all reviews in progress */

struct controller_server;

struct controller_webhook_options {
    const char *listen;
    int threads;
    unsigned connections; /* at once */
    struct tls_client_ca *client_ca; /* borrowed; NULL: clients need no certificate */
    struct tls_certificate_store *certificates; /* borrowed */
    struct controller_rules_store *rules; /* borrowed */
    /* Answers a request to complete a VM, now or later; on any of the threads. NULL: none is
     * completed. */
    void (*complete)(void *user, struct http_request *request);
    void *complete_user;
};

/* Serves the webhooks at listen ("ADDRESS:PORT", "[ADDRESS]:PORT", ":9443") with the
 * certificates, rules and metrics: POST /mutate-pods, /complete-machines, /validate-machines and
 * /validate-appliances, content type application/json. Bodies over CONTROLLER_ADMISSION_MAX_BYTES get 413. The default loop must run, for
 * the limits of time. TLS 1.2 or newer, keep-alive. Returns the server, owned by the caller, or
 * NULL with an error. */
struct controller_server *controller_server_webhooks(
    const struct controller_webhook_options *options, struct error **err);

/* Both are called on the main thread, from the loop. */
struct controller_health {
    char *(*metrics)(void *user); /* the page, to be freed */
    bool (*ready)(void *user, const char **why_not); /* *why_not is static */
    void *user;
};

/* Serve GET /healthz and /readyz on the default loop, the first also /metrics. Return the server,
 * owned by the caller, or NULL with an error. */
struct controller_server *controller_server_metrics(
    const char *listen, const struct controller_health *health, struct error **err);
struct controller_server *controller_server_health(
    const char *listen, const struct controller_health *health, struct error **err);

/* The port in use, for listen ":0". */
int controller_server_port(const struct controller_server *server);

/* From now on each answer closes its connection, so that clients reconnect, to another replica once
 * they know that this one is ending. */
void controller_server_dismiss(struct controller_server *server);

/* The same, and accepts no new connections; requests in progress are answered. */
void controller_server_quiesce(struct controller_server *server);

/* Whether requests are in progress. */
bool controller_server_busy(const struct controller_server *server);

void controller_server_free(struct controller_server *server); /* NULL is allowed */

#endif
