#include "http/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "base/memory.h"
#include "base/text.h"

/* A part of a URL, owned by the caller, or NULL. */
static char *part(CURLU *url, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    char *copy = NULL;
    if (curl_url_get(url, what, &text, flags) == CURLUE_OK)
        copy = xstrdup(text);
    curl_free(text);
    return copy;
}

/* Parses a URL. Returns it, to be freed with curl_url_cleanup, or NULL. */
static CURLU *parse(const char *text, unsigned flags)
{
    CURLU *url = curl_url();
    if (url != NULL && curl_url_set(url, CURLUPART_URL, text, flags) == CURLUE_OK)
        return url;
    curl_url_cleanup(url);
    return NULL;
}

char *http_url_scheme(const char *text)
{
    CURLU *url = parse(text, CURLU_NON_SUPPORT_SCHEME);
    char *scheme = url != NULL ? part(url, CURLUPART_SCHEME, 0) : NULL;
    curl_url_cleanup(url);
    return scheme;
}

bool http_url_is_loopback(const char *text)
{
    CURLU *url = parse(text, 0);
    auto_free char *host = url != NULL ? part(url, CURLUPART_HOST, 0) : NULL;
    curl_url_cleanup(url);
    struct in_addr address;
    return host != NULL && (streq(host, "localhost") || streq(host, "[::1]") ||
                               (inet_pton(AF_INET, host, &address) == 1 &&
                                   ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET));
}

char *http_url_with_host(const char *text, const char *name, char **host, char **port)
{
    CURLU *url = parse(text, 0);
    auto_free char *old_host = NULL;
    auto_free char *old_port = NULL;
    char *renamed = NULL;
    if (url != NULL) {
        old_host = part(url, CURLUPART_HOST, 0);
        old_port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    }
    if (old_host != NULL && old_port != NULL &&
        curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK)
        renamed = part(url, CURLUPART_URL, 0);
    curl_url_cleanup(url);
    if (renamed == NULL)
        return NULL;
    *host = steal(&old_host);
    *port = steal(&old_port);
    return renamed;
}
