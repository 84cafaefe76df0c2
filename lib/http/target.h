/* The server that an HTTP client talks to, and its credentials there. */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>

/* A server. All but url may be NULL. */
struct http_target {
    const char *url; /* "https://10.0.0.1:6443", perhaps with a path */
    const char *unix_socket; /* the path of the socket to connect to, in place of url's host */
    const char *tls_server_name; /* in the server's certificate, if not url's host */
    const char *proxy_url; /* http://, https:// or socks5://; NULL: from the environment */
    bool insecure; /* the server's certificate is not verified */
    const char *ca_file, *ca_data; /* PEM: these alone are trusted, not the system's */
    const char *certificate_file, *certificate_data; /* the client's own, PEM */
    const char *key_file, *key_data; /* PEM */
};

/* The credentials of one transfer. All may be NULL. */
struct http_identity {
    const char *token;
    const char *username, *password;
    const char *certificate, *key; /* PEM; else those of the target, if any */
};

#endif
