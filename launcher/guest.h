/* The guest: a domain started through libvirt, and followed until it ends. In this file alone is libvirt. */
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
    const char *reason; /* libvirt's detail in words: "shutdown by the guest", "killed", … */
    bool failed; /* it ended by a crash or a failure */
};
typedef void launcher_guest_observer(void *user, const struct launcher_guest_event *event);

struct launcher_guest;

/* Opens libvirt at uri, "qemu:///embed?root=DIR", "qemu:///system", "test:///default", …; lowers
 * the soft RLIMIT_NOFILE to 4096 first, since libvirt closes every descriptor up to it at each
 * QEMU probe. Events come to observer on the loop. Returns it, owned by the caller, or NULL with an io error in libvirt's words. */
struct launcher_guest *launcher_guest_open(struct ev_loop *loop, const char *uri,
    launcher_guest_observer *observer, void *user, struct error **err);

/* Defines nothing, starts a transient domain; it is destroyed with the connection. Returns 0, or -1 with an input
 * error (libvirt rejects the document), or an io error (QEMU did not start; the tail of its log). */
int launcher_guest_start(struct launcher_guest *guest, const char *xml, struct error **err);

/* Presses the power button (ACPI). Returns 0, or -1 with a remote error. */
int launcher_guest_shutdown(struct launcher_guest *guest, struct error **err);

/* Ends QEMU at once. */
int launcher_guest_destroy(struct launcher_guest *guest, struct error **err);

/* Destroys what still runs and closes the connection. NULL is allowed. */
void launcher_guest_free(struct launcher_guest *guest);

/* Whether /dev/kvm can really make a virtual machine (KVM_CREATE_VM), not only exists. */
bool launcher_kvm_works(void);

#endif
