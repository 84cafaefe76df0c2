/* The connection to libvirt. libvirt's own event loop runs in a thread; domain events are delivered
 * by libev's loop. */
#ifndef GUEST_CONNECTION_H
#define GUEST_CONNECTION_H

#include <ev.h>
#include <stdbool.h>

#include "base/error.h"

struct guest_connection;

/* Whether the guests of a connection are processes of this program's own user (the embedded driver,
 * uri NULL or "qemu:///embed…"), not of a daemon. */
bool guest_connection_is_embedded(const char *uri);

/* Opens libvirt at uri, "qemu:///system", "test:///default", "qemu:///embed?root=DIR", …; NULL is
 * the embedded QEMU driver, set up with directory as its root. The path of directory must be short,
 * since sockets are created deep inside it; libvirt's log file is there, too. Lowers the soft
 * RLIMIT_NOFILE to 4096 first, since libvirt closes every descriptor up to it at each QEMU probe.
 * Call it once per process. Returns the connection, owned by the caller, or NULL with an io error
 * with libvirt's message. */
struct guest_connection *guest_connection_open(
    struct ev_loop *loop, const char *uri, const char *directory, struct error **err);

/* Closes it; free its guests first. NULL is allowed. */
void guest_connection_free(struct guest_connection *connection);

/* Whether its driver is libvirt's QEMU driver. */
bool guest_connection_is_qemu(const struct guest_connection *connection);

/* The rest is for this room's files, which use libvirt. */

enum { GUEST_CONNECTION_LOST = -1 }; /* in place of libvirt's event */

/* Receives the events of a domain. */
struct guest_listener {
    const char *domain; /* its name; borrowed */
    void (*on_event)(void *user, int event, int detail); /* virDomainEventType and its detail */
    void *user;
    struct guest_listener *prev, *next; /* the connection's */
};

/* Calls the listener, which is borrowed, from the loop for each event from now on, until
 * guest_connection_unlisten. */
void guest_connection_listen(struct guest_connection *connection, struct guest_listener *listener);
void guest_connection_unlisten(
    struct guest_connection *connection, struct guest_listener *listener);

/* libvirt's own, a virConnectPtr. Borrowed. */
struct _virConnect *guest_connection_handle(const struct guest_connection *connection);

/* Whether libvirt can destroy the domains that it started when the connection ends. */
bool guest_connection_can_autodestroy(const struct guest_connection *connection);

/* Sets an error with libvirt's last message. Returns -1. */
int guest_connection_fail(struct error **err, enum error_class class, const char *what);

#endif
