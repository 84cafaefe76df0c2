/* Notices when virt-launcher, and with it the VM, has ended, which the Plugin API does not report.
 * A process in another container cannot be watched, but however a process ends, the kernel closes
 * its sockets. So this holds an idle connection to virt-launcher's command socket.
 *
 * A closed connection alone means nothing: a gRPC server closes one that does not begin with the
 * HTTP/2 preface after a while (Go's after two minutes), and may close an idle one at any time. So
 * the watch reconnects, and only if nothing listens any longer is the launcher gone. Speaking
 * HTTP/2 would make the connection last longer but would avoid none of this, and it would make us a
 * client of an interface that is internal to virt-launcher and virt-handler. */
#ifndef MANAGER_LAUNCHER_WATCH_H
#define MANAGER_LAUNCHER_WATCH_H

#include <ev.h>

struct manager_launcher_watch;

/* Starts watching. Waits for a socket at path (borrowed) that does not exist yet, or on which
 * nothing listens yet. gone is called from the loop, once. Returns the watch, owned by the
 * caller. */
struct manager_launcher_watch *manager_launcher_watch_new(
    struct ev_loop *loop, const char *path, void (*gone)(void *user), void *user);

/* gone may call this. NULL is allowed. */
void manager_launcher_watch_free(struct manager_launcher_watch *watch);

#endif
