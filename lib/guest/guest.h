/* The guest: a domain that is started through libvirt and followed until it ends. */
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
    GUEST_STOPPED, /* QEMU is gone; the last state */
};
const char *guest_state_name(enum guest_state state); /* "Started", … Static. */

struct guest_event {
    enum guest_state state;
    const char *reason; /* in words: "the guest is paused: its watchdog fired", … Static. */
    bool failed; /* it ended by a crash or a failure */
};
typedef void guest_observer(void *user, const struct guest_event *event);

struct guest;

/* Returns the guest, not started yet, for the domain of this name, owned by the caller. observer is
 * called with its events from the loop of the connection, which is borrowed. */
struct guest *guest_new(
    struct guest_connection *connection, const char *name, guest_observer *observer, void *user);

/* Has libvirt complete a document: with the addresses of all devices, and the MAC addresses that it
 * chooses. It is defined and undefined again. Returns the document, owned by the caller; or NULL with
 * an input error (libvirt rejects the document, or a domain of this name is defined already, which
 * would be lost) or an io error. */
char *guest_complete(struct guest *guest, const char *xml, struct error **err);

/* Starts the domain as a transient one: nothing stays defined, and it ends with the connection.
 * Blocks until QEMU runs; paused: the guest waits for guest_resume. Call it once. Returns 0, or -1
 * with an input error (libvirt rejects the document) or an io error (QEMU did not start; its last
 * words). */
int guest_start(struct guest *guest, const char *xml, bool paused, struct error **err);

/* Resumes a paused guest. Returns 0, or -1 with an io error. */
int guest_resume(struct guest *guest, struct error **err);

/* Forwards a TCP or UDP port of this machine (here), on all addresses, to the port number of the
 * guest's interface with the alias "ua-INTERFACE". Does nothing with a driver other than QEMU's. Returns 0,
 * or -1 with an input error if there is no such interface on user networking, or an io error with
 * QEMU's message, which does not say why.
 * Source: QEMU's documentation of the monitor, hostfwd_add. */
int guest_forward(
    struct guest *guest, const char *interface, bool udp, int here, int number, struct error **err);

/* Presses the power button (ACPI). Returns 0, or -1 with a remote error. */
int guest_shutdown(struct guest *guest, struct error **err);

/* Ends QEMU at once; STOPPED follows. Returns 0, even if it is already gone or was not started, or
 * -1 with a remote error. */
int guest_destroy(struct guest *guest, struct error **err);

/* Destroys the guest if it still runs. NULL is allowed. */
void guest_free(struct guest *guest);

#endif
