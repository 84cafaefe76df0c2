/* The guest: a domain started through libvirt, and followed until it ends. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/connection.h"

enum guest_state {
    GUEST_STARTED,
    GUEST_RESUMED,
    GUEST_SUSPENDED,
    GUEST_CRASHED, /* it goes on or stops as the domain's on_crash says */
    GUEST_SHUTDOWN, /* the guest has shut down; STOPPED follows */
    GUEST_STOPPED, /* QEMU is gone; the last one */
};
const char *guest_state_name(enum guest_state state); /* "Started", … Static. */

struct guest_event {
    enum guest_state state;
    const char *reason; /* in words: "the guest is paused: its watchdog fired", … Static. */
    bool failed; /* it ended by a crash or a failure */
};
typedef void guest_observer(void *user, const struct guest_event *event);

struct guest;

/* The guest that will be the domain of this name. Its events come to observer from the loop of the
 * connection, which is borrowed. Returns it, owned by the caller. */
struct guest *guest_new(
    struct guest_connection *connection, const char *name, guest_observer *observer, void *user);

/* Starts its domain as a transient one: nothing stays defined. It ends with the connection. Blocks
 * until QEMU runs; paused: the guest waits to be resumed. Once. Returns 0, or -1 with an input error
 * (libvirt rejects the document) or an io error (QEMU did not start; its last words). */
int guest_start(struct guest *guest, const char *xml, bool paused, struct error **err);

/* Lets a paused guest run. Returns 0, or -1 with an io error. */
int guest_resume(struct guest *guest, struct error **err);

/* Forwards a TCP or UDP port of this machine, on all addresses, to the same port of the guest's
 * interface with the alias "ua-INTERFACE". A driver other than QEMU's has none and does nothing.
 * Returns 0, or -1 with an input error when there is no such interface on user networking, or an io
 * error in QEMU's words, which do not say why.
 * Source: QEMU's documentation of the monitor, hostfwd_add. */
int guest_forward(
    struct guest *guest, const char *interface, bool udp, int number, struct error **err);

/* Presses the power button (ACPI). Returns 0, or -1 with a remote error. */
int guest_shutdown(struct guest *guest, struct error **err);

/* Ends QEMU at once; STOPPED follows. Returns 0, also when it is gone already or was not started,
 * or -1 with a remote error. */
int guest_destroy(struct guest *guest, struct error **err);

/* Destroys what still runs. NULL is allowed. */
void guest_free(struct guest *guest);

#endif
