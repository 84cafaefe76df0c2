/* The connections that the gRPC core reads and writes, each with its guard.
 *
 * The core has no place for a filter below HTTP/2, and passing every byte through a second socket
 * would slow each call by several context switches. So the linker replaces recvmsg, sendmsg and
 * close in everything that is linked statically (Makefile, WRAP): the replacements show the bytes of
 * connections that were added here to their guards, and do nothing else.
 *
 * The core's threads do so; a mutex in connection.c guards it all. */
#ifndef RPC_CONNECTION_H
#define RPC_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "rpc/intake.h"

struct rpc_connection;

enum {
    /* Connections of one server. One more waits until one has been idle for a while, which is then
     * ended: the one idle longest, preferring those whose peers do not wait for an answer. */
    RPC_CONNECTIONS = 32,
    RPC_CONNECTIONS_IDLE_MS = 250,
    /* The calls that peers make the core keep: those of all connections (rpc_guard_weight), and the
     * backlog. While there are more, a connection with more than its fair share is ended when it
     * sends more, and none is accepted while the backlog alone exceeds it. */
    RPC_CONNECTIONS_WEIGHT = 1000,
    RPC_CONNECTIONS_FAIR_WEIGHT = RPC_CONNECTIONS_WEIGHT / RPC_CONNECTIONS,
    /* Data that weighs as much as a call. */
    RPC_CONNECTIONS_CALL_BYTES = 48 << 10,
    /* Data of requests that were not answered, of all connections. While there is more, connections
     * with more than a fair amount are ended, one after the other: the one with the most that has
     * not got on for the longest time (bytes times seconds), preferring those whose peers do not
     * wait for an answer. */
    RPC_CONNECTIONS_BYTES = RPC_INTAKE_BYTES + RPC_MAX_MESSAGE,
    RPC_CONNECTIONS_FAIR_BYTES = 512 << 10,
    /* Calls that the core gets through in a second, at least. */
    RPC_CONNECTIONS_PACE = 10000,
};

/* The connections of a server. */
struct rpc_connections {
    /* Calls that peers have reset or left, and their data, which the core keeps until it has passed them on, one
     * after the other: a peer that opens calls and leaves, again and again, could make it keep any
     * number. How many are left cannot be asked; this is an upper estimate. */
    double backlog;
    double estimated; /* clock_seconds of the backlog */
};

/* Starts without connections. */
void rpc_connections_init(struct rpc_connections *server);

/* Adds a connected socket, before it is handed to the core; it is removed when the core closes it.
 * server is borrowed until rpc_connections_forget; NULL: our side is the client. Returns the
 * connection, owned by the caller. */
struct rpc_connection *rpc_connection_add(int fd, struct rpc_connections *server);

/* Finds the connection that the core has open at fd. Returns it, owned by the caller, or NULL. */
struct rpc_connection *rpc_connection_find(int fd);

/* The memory that its requests take. Borrowed. */
struct rpc_intake *rpc_connection_intake(struct rpc_connection *connection);

/* Releases it; the core may keep using it. NULL is allowed. */
void rpc_connection_release(struct rpc_connection *connection);

/* Why the connection was ended by its guard, a static text; or NULL. */
const char *rpc_connection_fault(const struct rpc_connection *connection);

/* Whether a connection may be accepted: there is room or one to be ended, the backlog is not too
 * long, and the core has closed those that had too much data. */
bool rpc_connections_may_grow(struct rpc_connections *server);

/* Makes room for one more connection of a server, which was accepted. */
void rpc_connections_make_room(const struct rpc_connections *server);

/* Takes a call that the core has passed on off the backlog. */
void rpc_connections_pay(struct rpc_connections *server);

/* Ends the use of server. */
void rpc_connections_forget(const struct rpc_connections *server);

#endif
