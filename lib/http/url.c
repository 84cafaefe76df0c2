#include "http/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

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

char *http_url_join(const char *base, const char *reference)
{
    CURLU *url = parse(base, 0);
    char *joined = NULL;
    if (url != NULL && curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK)
        joined = part(url, CURLUPART_URL, 0);
    curl_url_cleanup(url);
    return joined;
}

/* The host without the brackets of an IPv6 address, in lower case. */
static char *bare_host(char *host)
{
    size_t length = strlen(host);
    if (host[0] == '[' && length > 2) {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    }
    for (char *at = host; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return host;
}

/* Whether it is a name in ASCII or an address, as it goes into messages. */
static bool is_host(const char *host)
{
    return host[strspn(host,
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]")] == '\0';
}

static int split(CURLU *url, struct http_url *out)
{
    auto_free char *user = part(url, CURLUPART_USER, 0);
    auto_free char *password = part(url, CURLUPART_PASSWORD, 0);
    auto_free char *host = part(url, CURLUPART_HOST, 0);
    auto_free char *port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    auto_free char *path = part(url, CURLUPART_PATH, 0);
    auto_free char *query = part(url, CURLUPART_QUERY, 0);
    out->scheme = part(url, CURLUPART_SCHEME, 0);
    if (user != NULL || password != NULL || host == NULL || !is_host(host) || port == NULL ||
        path == NULL || out->scheme == NULL ||
        (!streq(out->scheme, "https") && !streq(out->scheme, "http")))
        return -1;
    out->path = xasprintf("%s%s%s", path, query != NULL ? "?" : "", text_or(query, ""));
    bool has_brackets = host[0] == '[';
    out->host = bare_host(steal(&host));
    out->origin = xasprintf("%s://%s%s%s:%s", out->scheme, has_brackets ? "[" : "", out->host,
        has_brackets ? "]" : "", port);
    return 0;
}

int http_url_split(const char *text, struct http_url *out)
{
    CURLU *url = parse(text, 0);
    *out = (struct http_url){0};
    int result = url != NULL ? split(url, out) : -1;
    curl_url_cleanup(url);
    if (result < 0)
        http_url_clear(out);
    return result;
}

void http_url_clear(struct http_url *url)
{
    free(url->scheme);
    free(url->host);
    free(url->origin);
    free(url->path);
    *url = (struct http_url){0};
}

char *http_url_escape(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *escaped = xmalloc(3 * strlen(text) + 1);
    char *end = escaped;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (isalnum(byte) || strchr("-._~", byte) != NULL) {
            *end++ = (char)byte;
            continue;
        }
        *end++ = '%';
        *end++ = digits[byte >> 4];
        *end++ = digits[byte & 15];
    }
    *end = '\0';
    return escaped;
}
