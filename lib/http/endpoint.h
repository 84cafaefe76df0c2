/* A target as libcurl reaches it: the URL, the proxy, the connection and TLS. */
#ifndef HTTP_ENDPOINT_H
#define HTTP_ENDPOINT_H

#include <curl/curl.h>

#include "base/error.h"
#include "http/target.h"

struct http_endpoint {
    struct http_target target; /* its strings are borrowed */
    char *base; /* URL, without a slash at its end */
    char *host_header; /* if the URL does not contain the host, else NULL */
    struct curl_slist *connect_to; /* the same */
    char *proxy; /* NULL: libcurl takes it from the environment */
    const char *no_proxy; /* hosts reached without proxy; NULL: from the environment; static */
};

/* target's strings are borrowed as long as the endpoint lives. Returns 0, or -1 with an input
 * error; endpoint needs http_endpoint_clear either way. */
int http_endpoint_init(
    struct http_endpoint *endpoint, const struct http_target *target, struct error **err);
void http_endpoint_clear(struct http_endpoint *endpoint);

/* Its name in messages; borrowed. */
const char *http_endpoint_name(const struct http_endpoint *endpoint);

/* Sets the options with which a libcurl handle reaches the endpoint. Returns libcurl's first error,
 * or CURLE_OK. */
CURLcode http_endpoint_apply(
    const struct http_endpoint *endpoint, const struct http_identity *identity, CURL *easy);

#endif
