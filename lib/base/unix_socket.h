/* Unix sockets at paths of any length: addresses, and listening sockets, which are bound with their
 * mode and replace only stale ones. */
#ifndef BASE_UNIX_SOCKET_H
#define BASE_UNIX_SOCKET_H

#include <sys/types.h>
#include <sys/un.h>

#include "base/error.h"

/* An address for bind(2) or connect(2). directory is open while a long path needs it. */
struct unix_socket_address {
    struct sockaddr_un name;
    int directory; /* or -1 */
};

/* Makes the address of path. A path over 107 bytes, the most that sockaddr_un holds, is reached
 * through its directory in /proc/self/fd. Returns 0, or -1 with an io error whose errnum is that of
 * opening the directory, or ENAMETOOLONG if the file's name alone is too long. */
int unix_socket_address_init(
    struct unix_socket_address *address, const char *path, struct error **err);

/* Closes the directory. */
void unix_socket_address_clear(struct unix_socket_address *address);

/* Binds and listens on path with the given mode, close-on-exec and non-blocking. A stale socket
 * (nobody accepts on it) is replaced; a live one, or anything that is not a socket, is an error and
 * left alone; a symbolic link is never followed. Returns the descriptor, owned by the caller, or -1
 * with an io error. */
int unix_socket_listen(const char *path, mode_t mode, struct error **err);

/* Removes a stale socket at path; a missing path is not an error. Returns 0, or -1 with an io
 * error, leaving what is there alone. */
int unix_socket_remove_stale(const char *path, struct error **err);

#endif
