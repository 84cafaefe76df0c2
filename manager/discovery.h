/* Scans and watches the socket directory: reports containers (its subdirectories) and their sockets
 * as they come and go. Symbolic links are not followed; other files are ignored.
 *
 * Scanning and watching are separate because the kernel takes some 10 ms to close an inotify watch:
 * when everything is there from the start, no watch is opened, and an open one is closed last. */
#ifndef MANAGER_DISCOVERY_H
#define MANAGER_DISCOVERY_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { MANAGER_MAX_SOCKETS = 16 }; /* per container; more are ignored */

enum manager_discovery_kind {
    MANAGER_DISCOVERY_CONTAINER, /* a container's directory exists */
    MANAGER_DISCOVERY_SOCKET, /* a socket exists, or its permissions changed */
    MANAGER_DISCOVERY_GONE, /* a socket was removed */
    MANAGER_DISCOVERY_TROUBLE, /* a container's directory cannot be read */
};

/* Borrowed for the callback. */
struct manager_discovery_event {
    enum manager_discovery_kind kind;
    const char *container; /* name of the directory or, for a socket directly in the socket
                              directory, of the socket without ".sock" */
    const char *path; /* of the socket or directory */
    ino_t inode; /* of a SOCKET: a new number at the same path means a new socket */
    const struct error *error; /* of TROUBLE */
};
typedef void manager_discovery_observer(void *user, const struct manager_discovery_event *event);

struct manager_discovery;

/* Does not scan or watch yet. directory is borrowed. Returns it, owned by the caller. */
struct manager_discovery *manager_discovery_new(
    struct ev_loop *loop, const char *directory, manager_discovery_observer *observer, void *user);

/* Reports everything that exists now, before it returns. Returns 0, or -1 with an io error. */
int manager_discovery_look(struct manager_discovery *discovery, struct error **err);

/* Reports everything that exists now, and later, from the loop, every change. Does nothing if it is
 * already watching. Returns 0, or -1 with an io error. */
int manager_discovery_watch(struct manager_discovery *discovery, struct error **err);

/* Stops reporting; manager_discovery_free takes time if a watch was opened. */
void manager_discovery_stop(struct manager_discovery *discovery);
void manager_discovery_free(struct manager_discovery *discovery); /* NULL is allowed */

/* Lists the sockets in one directory now, at most MANAGER_MAX_SOCKETS. Returns an array of paths,
 * all owned by the caller; NULL when there are none. */
char **manager_discovery_list(const char *directory, size_t *count);

#endif
