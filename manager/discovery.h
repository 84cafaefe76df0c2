/* Watches the socket directory: tells of containers (its subdirectories) and of their sockets as
 * they come and go. Symbolic links are not followed; what is no socket is ignored. */
#ifndef MANAGER_DISCOVERY_H
#define MANAGER_DISCOVERY_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { MANAGER_MAX_SOCKETS = 16 }; /* looked at in one container */

enum manager_discovery_kind {
    MANAGER_DISCOVERY_CONTAINER, /* a container's directory is there */
    MANAGER_DISCOVERY_SOCKET, /* a socket is there, or its permissions changed */
    MANAGER_DISCOVERY_GONE, /* a socket was removed */
    MANAGER_DISCOVERY_TROUBLE, /* a container's directory cannot be read */
};

/* Borrowed for the time of the callback. */
struct manager_discovery_event {
    enum manager_discovery_kind kind;
    const char *container; /* name of the directory; of the socket, without ".sock", when it stands
                              directly in the socket directory */
    const char *path; /* of the socket or directory */
    ino_t inode; /* of a SOCKET: another one at the same path is another socket */
    const struct error *error; /* of TROUBLE */
};
typedef void manager_discovery_observer(void *user, const struct manager_discovery_event *event);

struct manager_discovery;

/* Watches directory and tells of all that is there already, before it returns. Returns the
 * watch, owned by the caller, or NULL with an io error. */
struct manager_discovery *manager_discovery_new(struct ev_loop *loop, const char *directory,
    manager_discovery_observer *observer, void *user, struct error **err);
void manager_discovery_free(struct manager_discovery *discovery); /* NULL is allowed */

/* The sockets in one directory, now, MANAGER_MAX_SOCKETS at most. Returns an array owned by the caller, as are the paths; NULL
 * when there are none. */
char **manager_discovery_list(const char *directory, size_t *count);

#endif
