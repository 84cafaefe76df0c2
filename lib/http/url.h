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

#endif
