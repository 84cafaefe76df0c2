/* The connection to libvirt, whose own event loop has a thread here: what happens to a domain comes
 * from libev's loop. */
#ifndef GUEST_CONNECTION_H
#define GUEST_CONNECTION_H

#include <ev.h>
#include <stdbool.h>

#include "base/error.h"

struct guest_connection;

/* Whether the guests of a connection are processes of this program's own user (the embedded
 * driver, uri NULL or "qemu:///embed…"), and not a daemon's. */
bool guest_connection_is_embedded(const char *uri);

/* Opens libvirt at uri, "qemu:///system", "test:///default", "qemu:///embed?root=DIR", …; NULL is
 * the embedded QEMU driver with directory, which is set up for it, as its root; the directory's
 * name is short, since sockets are made deep in it. What libvirt logs goes to a file there, too.
 * The soft RLIMIT_NOFILE is lowered to 4096 first, since libvirt closes every descriptor up to it
 * at each QEMU probe. Once in a process. Returns it, owned by the caller, or NULL with an io error
 * in libvirt's words. */
struct guest_connection *guest_connection_open(
    struct ev_loop *loop, const char *uri, const char *directory, struct error **err);

/* Closes it; its guests were freed before. NULL is allowed. */
void guest_connection_free(struct guest_connection *connection);

/* Whether it is libvirt's driver of QEMU. */
bool guest_connection_is_qemu(const struct guest_connection *connection);

/* What follows is for this room's files, which know libvirt. */

enum { GUEST_CONNECTION_LOST = -1 }; /* in place of libvirt's event */

/* Who is told of what happens to a domain. */
struct guest_listener {
    const char *domain; /* its name; borrowed */
    void (*on_event)(void *user, int event, int detail); /* virDomainEventType and its detail */
    void *user;
    struct guest_listener *prev, *next; /* the connection's */
};

/* Has the listener, which is borrowed, told from the loop of what happens from now on, until
 * guest_connection_unlisten. */
void guest_connection_listen(struct guest_connection *connection, struct guest_listener *listener);
void guest_connection_unlisten(
    struct guest_connection *connection, struct guest_listener *listener);

/* libvirt's own, a virConnectPtr. Borrowed. */
struct _virConnect *guest_connection_handle(const struct guest_connection *connection);

/* Whether it can take the domains with it that it started, when it ends. */
bool guest_connection_can_autodestroy(const struct guest_connection *connection);

/* Sets an error in the words of libvirt's last one. Returns -1. */
int guest_connection_fail(struct error **err, enum error_class class, const char *what);

#endif
