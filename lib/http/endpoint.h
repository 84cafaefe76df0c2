/* A target as libcurl reaches it: the URL, the proxy, the connection and TLS. */
#ifndef HTTP_ENDPOINT_H
#define HTTP_ENDPOINT_H

#include <curl/curl.h>

#include "base/error.h"
#include "http/target.h"

struct http_endpoint {
    struct http_target target; /* its strings are borrowed */
    char *base; /* URL, without a slash at its end */
    char *host_header; /* where the URL does not bear the host, or NULL */
    struct curl_slist *connect_to; /* the same */
    char *proxy; /* NULL: as libcurl finds it in the environment */
    const char *no_proxy; /* hosts without the proxy; NULL: as libcurl finds them there; static */
};

/* target's strings are borrowed as long as the endpoint lives. Returns 0, or -1 with an input
 * error; endpoint needs http_endpoint_clear either way. */
int http_endpoint_init(
    struct http_endpoint *endpoint, const struct http_target *target, struct error **err);
void http_endpoint_clear(struct http_endpoint *endpoint);

/* What messages call it; borrowed. */
const char *http_endpoint_name(const struct http_endpoint *endpoint);

/* Sets the options of a handle of libcurl by which it reaches the endpoint. Returns the first
 * refusal of libcurl. */
CURLcode http_endpoint_apply(
    const struct http_endpoint *endpoint, const struct http_identity *identity, CURL *easy);

#endif
