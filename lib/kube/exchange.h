/* One try of a request: its turn in the token bucket, the credentials, the transfer; and, after a
 * 401, once more with fresh credentials. Calls and watches are made of these. */
#ifndef KUBE_EXCHANGE_H
#define KUBE_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/client.h"
#include "kube/bucket.h"
#include "kube/config.h"
#include "kube/credentials.h"
#include "kube/status.h"

/* What all exchanges of a client share. */
struct kube_session {
    struct kube_config *config;
    struct http_client *http;
    struct kube_credentials *credentials;
    struct kube_bucket bucket;
    struct kube_exchange *exchanges; /* all calls and watches */
    /* called for every answer; or NULL */
    void (*observe)(void *user, const char *verb, int code, double seconds);
    void *user;
};

struct kube_exchange {
    struct kube_exchange *prev, *next; /* of the session's */
    struct kube_session *session;
    /* what is sent; set by the owner before kube_exchange_start; owned by the exchange */
    const char *verb; /* for observe; static */
    char *what; /* the request in words: "get pods default/a" */
    const char *method; /* static */
    char *path;
    char *body;
    const char *content_type; /* static */
    int64_t timeout_ms;
    size_t limit; /* bytes of the answer; of a stream: that wait to be read */
    /* callbacks; set by the owner */
    void (*on_data)(void *user, const char *data, size_t length); /* as http/client.h says */
    void (*on_end)(void *user, const struct http_outcome *outcome); /* once per try */
    void (*abandon)(void *user); /* the client is being freed: free the owner */
    void *user;
    /* private */
    struct kube_bucket_waiter turn;
    struct kube_credentials_waiter identity;
    struct http_transfer *transfer;
    unsigned long generation; /* of the identity it uses */
    bool refreshed; /* the credentials, after a 401 */
};

/* Adds the exchange to the session, until kube_exchange_clear. */
void kube_exchange_init(struct kube_exchange *exchange, struct kube_session *session);

/* Starts a try. Call it only from the loop: on_end may be called before it returns. */
void kube_exchange_start(struct kube_exchange *exchange);

/* Cancels the try, without callbacks, and frees what the exchange owns. */
void kube_exchange_clear(struct kube_exchange *exchange);

/* The failure in an outcome, owned by the caller; NULL if there is none. If body is not NULL, *body
 * gets the JSON of a good answer, a new reference; else only the content type is checked. */
struct kube_failure *kube_exchange_read(
    const struct kube_exchange *exchange, const struct http_outcome *outcome, json_t **body);

#endif
