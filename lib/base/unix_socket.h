/* Unix sockets by their paths, however long these are: addresses, and sockets to listen on, bound
 * with their mode and in place of dead ones only. */
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

/* Makes the address of path. A path over 107 bytes, which is what sockaddr_un holds, is reached by
 * way of its directory in /proc/self/fd. Returns 0, or -1 with an io error whose errnum is that of
 * opening the directory, or ENAMETOOLONG when the file's name alone is too long. */
int unix_socket_address_init(
    struct unix_socket_address *address, const char *path, struct error **err);

/* Closes the directory. */
void unix_socket_address_clear(struct unix_socket_address *address);

/* Binds and listens on path with the given mode, close-on-exec and non-blocking. A stale socket
 * (nobody accepts on it) is replaced; a living one, or anything that is not a socket, is an error
 * and left alone; a symbolic link is never followed. Returns the descriptor, owned by the caller,
 * or -1 with an io error. */
int unix_socket_listen(const char *path, mode_t mode, struct error **err);

/* Removes what is at path if it is a stale socket; nothing there is fine. Returns 0, or -1 with an
 * io error and what is there left alone. */
int unix_socket_remove_stale(const char *path, struct error **err);

#endif
