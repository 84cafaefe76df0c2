/* The socket of a shim: a unique name in a directory that shims may share. */
#ifndef SHIM_SOCKET_H
#define SHIM_SOCKET_H

#include "base/error.h"

/* Listens on a new socket shim-XXXX.sock in directory, with mode 0755 less the umask, and removes
 * the sockets that killed shims left there. Returns the descriptor, and the path in *path, both
 * owned by the caller; or -1 with an io error. */
int shim_socket_open(const char *directory, char **path, struct error **err);

#endif
