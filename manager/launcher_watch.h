/* Tells when virt-launcher is gone, and so the VM: the Plugin API has no sign of that. A process in
 * another container cannot be watched, but the end of a process closes its sockets, however it
 * ended. So a connection to the socket on which virt-launcher takes its commands is held, idle.
 *
 * That it closes means nothing by itself: a gRPC server closes a connection that does not begin
 * with the HTTP/2 preface after a while (Go's after two minutes), and may close an idle one at any
 * time. Then another is made, and only if nobody listens any more the launcher is gone. To speak
 * HTTP/2 would make the connection last longer, and spare none of this; it would make a client
 * of an interface that is between virt-launcher and its node. */
#ifndef MANAGER_LAUNCHER_WATCH_H
#define MANAGER_LAUNCHER_WATCH_H

#include <ev.h>

struct manager_launcher_watch;

/* Begins to watch. A socket at path (borrowed) that is not there yet, or on which nobody listens
 * yet, is waited for. gone is called from the loop, once. Owned by the caller. */
struct manager_launcher_watch *manager_launcher_watch_new(
    struct ev_loop *loop, const char *path, void (*gone)(void *user), void *user);

/* May come from gone. NULL is allowed. */
void manager_launcher_watch_free(struct manager_launcher_watch *watch);

#endif
