/* A server's listening socket: TCP, or a unix socket whose file is removed on close. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <sys/types.h>

#include "base/error.h"

struct http_listener {
    int fd; /* non-blocking; -1: closed */
    char *path; /* of a unix socket, owned; else NULL */
    dev_t device; /* of the file that we created at path */
    ino_t inode;
};

/* Listens on "ADDRESS:PORT", "[ADDRESS]:PORT" or ":PORT", which is every IPv6 and IPv4 address, or
 * on "unix:PATH", with a mode, as in base/unix_socket.h. ADDRESS is numeric; port 0 is any free
 * port. Returns 0, or -1 with a usage error, or an io error. */
int http_listener_open(
    struct http_listener *listener, const char *listen, mode_t mode, struct error **err);

/* Closes the socket, unless fd is -1, and removes its file if it is still the one that was
 * created. */
void http_listener_close(struct http_listener *listener);

/* Checks that listen is an address and port. Returns 0, or -1 with the usage error of
 * http_listener_open. */
int http_listener_check(const char *listen, struct error **err);

/* The port, or -1 if there is none. */
int http_listener_port(const struct http_listener *listener);

#endif
