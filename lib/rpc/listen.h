/* Unix sockets that servers listen on: bound with their mode, in place of dead ones only. */
#ifndef RPC_LISTEN_H
#define RPC_LISTEN_H

#include <sys/types.h>

#include "base/error.h"

/* Binds and listens on path with the given mode, close-on-exec and non-blocking. A stale socket
 * (nobody accepts on it) is replaced; a living one, or anything that is no socket, is an error
 * and left alone; a symbolic link is never followed. Cheap: it may come before rpc_new, so that
 * peers can connect early. Returns the descriptor, owned by the caller, or -1 with an io error. */
int rpc_listen(const char *path, mode_t mode, struct error **err);

/* Removes what is at path if it is a stale socket; nothing there is fine. Returns 0, or -1 with an
 * io error and what is there left alone. */
int rpc_remove_stale(const char *path, struct error **err);

#endif
