/* Looks into the socket directory and watches it: tells of containers (its subdirectories) and of
 * their sockets as they come and go. Symbolic links are not followed; what is no socket is ignored.
 *
 * To look and to watch are two things, because the kernel takes some 10 ms to close a watch: where
 * all is there from the beginning, none is made, and one that was made is closed last of all. */
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

/* Nothing happens yet. directory is borrowed. Owned by the caller. */
struct manager_discovery *manager_discovery_new(
    struct ev_loop *loop, const char *directory, manager_discovery_observer *observer, void *user);

/* Tells of all that is there now, before it returns. Returns 0, or -1 with an io error. */
int manager_discovery_look(struct manager_discovery *discovery, struct error **err);

/* Tells of all that is there now, and from the loop of all that comes and goes. Does nothing when
 * it is watching already. Returns 0, or -1 with an io error. */
int manager_discovery_watch(struct manager_discovery *discovery, struct error **err);

/* Tells nothing any more; manager_discovery_free takes time if a watch was made. */
void manager_discovery_stop(struct manager_discovery *discovery);
void manager_discovery_free(struct manager_discovery *discovery); /* NULL is allowed */

/* The sockets in one directory, now, MANAGER_MAX_SOCKETS at most. Returns an array owned by the
 * caller, as are the paths; NULL when there are none. */
char **manager_discovery_list(const char *directory, size_t *count);

#endif
