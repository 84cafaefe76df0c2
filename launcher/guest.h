/* The guest: a domain started through libvirt, and followed until it ends. libvirt is known in this
 * file alone. */
#ifndef LAUNCHER_GUEST_H
#define LAUNCHER_GUEST_H

#include <ev.h>
#include <stdbool.h>

#include "base/error.h"

enum launcher_guest_state {
    LAUNCHER_GUEST_STARTED,
    LAUNCHER_GUEST_RESUMED,
    LAUNCHER_GUEST_SUSPENDED,
    LAUNCHER_GUEST_CRASHED, /* it goes on or stops as the domain's on_crash says */
    LAUNCHER_GUEST_SHUTDOWN, /* the guest has shut down; STOPPED follows */
    LAUNCHER_GUEST_STOPPED, /* QEMU is gone; the last one */
};
const char *launcher_guest_state_name(enum launcher_guest_state state); /* "Started", … Static. */

struct launcher_guest_event {
    enum launcher_guest_state state;
    const char *reason; /* in words: "the guest is paused: its watchdog fired", … Static. */
    bool failed; /* it ended by a crash or a failure */
};
typedef void launcher_guest_observer(void *user, const struct launcher_guest_event *event);

struct launcher_guest;

/* Whether the guests of a connection are processes of this program's own user (the embedded
 * driver, uri NULL or "qemu:///embed…"), and not a daemon's. */
bool launcher_guest_is_embedded(const char *uri);

/* Opens libvirt at uri, "qemu:///system", "test:///default", "qemu:///embed?root=DIR", …; NULL is
 * the embedded QEMU driver with directory, which is set up for it, as its root; the directory's
 * name is short, since sockets are made deep in it. What libvirt logs goes to a file there, too.
 * The soft RLIMIT_NOFILE is lowered to 4096 first, since libvirt closes every descriptor up to it
 * at each QEMU probe. Events come to observer from the loop. Once in a process. Returns it, owned
 * by the caller, or NULL with an io error in libvirt's words. */
struct launcher_guest *launcher_guest_open(struct ev_loop *loop, const char *uri,
    const char *directory, launcher_guest_observer *observer, void *user, struct error **err);

/* Starts the domain, whose name is given beside it, as a transient one: nothing stays defined. It
 * ends with the connection. Blocks until QEMU runs; paused: the guest waits to be resumed. Returns
 * 0, or -1 with an input error (libvirt rejects the document) or an io error (QEMU did not start;
 * its last words). */
int launcher_guest_start(struct launcher_guest *guest, const char *name, const char *xml,
    bool paused, struct error **err);

/* Lets a paused guest run. Returns 0, or -1 with an io error. */
int launcher_guest_resume(struct launcher_guest *guest, struct error **err);

/* Forwards a TCP or UDP port of this machine, on all addresses, to the same port of the guest's
 * interface with the alias "ua-INTERFACE". A driver other than QEMU's has none and does nothing.
 * Returns 0, or -1 with an input error when there is no such interface on user networking, or an io
 * error in QEMU's words, which do not say why.
 * Source: QEMU's documentation of the monitor, hostfwd_add. */
int launcher_guest_forward(
    struct launcher_guest *guest, const char *interface, bool udp, int number, struct error **err);

/* Presses the power button (ACPI). Returns 0, or -1 with a remote error. */
int launcher_guest_shutdown(struct launcher_guest *guest, struct error **err);

/* Ends QEMU at once; STOPPED follows. Returns 0, also when it is gone already, or -1 with a remote
 * error. */
int launcher_guest_destroy(struct launcher_guest *guest, struct error **err);

/* Destroys what still runs and closes the connection. NULL is allowed. */
void launcher_guest_free(struct launcher_guest *guest);

#endif
