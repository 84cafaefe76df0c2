/* The socket that a server listens on: of TCP, or a unix socket, whose file goes when it is closed. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <sys/types.h>

#include "base/error.h"

struct http_listener {
    int fd; /* non-blocking; -1: closed */
    char *path; /* of a unix socket, owned; else NULL */
    dev_t device; /* the file at path, as we made it */
    ino_t inode;
};

/* Listens at "ADDRESS:PORT", "[ADDRESS]:PORT" or ":PORT", which is every address of IPv6 and IPv4,
 * or at "unix:PATH", with a mode, as base/unix_socket.h does. ADDRESS is numeric; port 0 is any free
 * one. Returns 0, or -1 with a usage error, or an io error. */
int http_listener_open(
    struct http_listener *listener, const char *listen, mode_t mode, struct error **err);

/* Removes the file of a unix socket, if it is still the one that was made. It may be closed
 * already. */
void http_listener_close(struct http_listener *listener);

/* Checks that listen is an address and port. Returns 0, or -1 with that usage error. */
int http_listener_check(const char *listen, struct error **err);

/* The port, or -1 where there is none. */
int http_listener_port(const struct http_listener *listener);

#endif
