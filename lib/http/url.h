/* Parts of URLs. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>

/* The scheme of a URL, owned by the caller, or NULL when it is not a URL. */
char *http_url_scheme(const char *url);

/* Whether the URL's host is this machine itself. */
bool http_url_is_loopback(const char *url);

/* Returns url with the host name, owned by the caller, or NULL if that is not a URL. *host and
 * *port, also owned by the caller, get those of url; the port is the scheme's if url has none. */
char *http_url_with_host(const char *url, const char *name, char **host, char **port);

/* The absolute URL that a reference, such as a Location, is relative to base. Owned by the caller;
 * NULL if it is not a URL.
 * Source: RFC 3986, section 5. */
char *http_url_join(const char *base, const char *reference);

/* The parts of a URL of HTTP; all owned. */
struct http_url {
    char *scheme; /* "http" or "https" */
    char *host; /* without brackets; lowercase */
    char *origin; /* "https://host:port", the port always */
    char *path; /* with its query, from "/" on */
};

/* Splits an absolute URL. Returns 0 with *out, for http_url_clear; or -1 if it is not one of HTTP, has
 * a user's name in it, or a host that is not in ASCII. */
int http_url_split(const char *url, struct http_url *out);
void http_url_clear(struct http_url *url);

/* text as a value in a query: what RFC 3986 reserves is escaped. Owned by the caller. */
char *http_url_escape(const char *text);

#endif
