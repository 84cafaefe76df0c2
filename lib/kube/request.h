/* A request as it goes over HTTP. */
#ifndef KUBE_REQUEST_H
#define KUBE_REQUEST_H

#include "kube/exchange.h"

/* Puts method, path, body and the rest of a request into exchange. Returns NULL, or why the
 * request cannot be made, in words; static. */
const char *kube_request_fill(const struct kube_request *request, struct kube_exchange *exchange);

/* Whether a request that is done twice does what it does once. */
bool kube_request_is_idempotent(const struct kube_request *request);

/* "get pods default/a". Owned by the caller. */
char *kube_request_describe(const char *verb, const struct kube_resource *resource,
    const char *namespace, const char *name, const char *subresource);

/* Appends "?NAME=VALUE", or "&…" where a query has begun, percent-encoded; nothing when value is
 * NULL or "". */
void kube_query_add(char **path, const char *name, const char *value);

#endif
