#include "rpc/connection.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "rpc/guard.h"

enum { FAIR_PART = 16 }; /* who gets on has received this part of what it has sent */

struct rpc_connection {
    int fd;
    struct rpc_connections *server; /* NULL: our side is the client, or the server has gone */
    struct rpc_guard guard;
    struct rpc_intake intake; /* belongs to the loop's thread */
    double received; /* clock_seconds of the last bytes from the peer */
    double moved; /* when the last fair part of the data arrived */
    size_t arrived; /* bytes, after that */
    const char *fault;
    bool ended; /* by us; the core has yet to close it */
    size_t passed; /* open calls when the core last got something */
    unsigned references;
    UT_hash_handle hh;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rpc_connection *connections; /* that the core has open, by descriptor */

/* Names that the linker's --wrap requires. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c) */
ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
int __real_close(int fd);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int __wrap_close(int fd);

static struct rpc_connection *find(int fd)
{
    struct rpc_connection *connection = NULL;
    HASH_FIND_INT(connections, &fd, connection);
    return connection;
}

static void unreference(struct rpc_connection *connection)
{
    if (--connection->references == 0)
        free(connection);
}

static void end(struct rpc_connection *connection)
{
    connection->ended = true;
    shutdown(connection->fd, SHUT_RDWR);
}

/* The backlog of a server by now. */
static double backlog(struct rpc_connections *server)
{
    double now = clock_seconds();
    server->backlog -= (now - server->estimated) * RPC_CONNECTIONS_PACE;
    if (server->backlog < 0)
        server->backlog = 0;
    server->estimated = now;
    return server->backlog;
}

static double total_weight(struct rpc_connections *server)
{
    double total = backlog(server);
    for (struct rpc_connection *one = connections; one != NULL; one = one->hh.next)
        total += one->server == server && !one->ended ? (double)rpc_guard_weight(&one->guard) : 0;
    return total;
}

/* Ends a server's connection that has more than its fair share while there is too much. */
static void weigh(struct rpc_connection *connection)
{
    if (rpc_guard_weight(&connection->guard) > RPC_CONNECTIONS_FAIR_WEIGHT &&
        total_weight(connection->server) > RPC_CONNECTIONS_WEIGHT)
        end(connection);
}

/* Notes when a connection gets on: when it has received a part of the data that it has sent. */
static void move(struct rpc_connection *connection, size_t length)
{
    connection->arrived += length;
    if (connection->arrived < connection->guard.bytes / FAIR_PART)
        return;
    connection->arrived = 0;
    connection->moved = connection->received;
}

/* Whether a is to be ended rather than b when the data of both is too much. */
static bool is_heavier(const struct rpc_connection *a, const struct rpc_connection *b, double now)
{
    bool a_waits = rpc_guard_owes(&a->guard);
    bool b_waits = rpc_guard_owes(&b->guard);
    if (a_waits != b_waits)
        return b_waits;
    return (double)a->guard.bytes * (now - a->moved) > (double)b->guard.bytes * (now - b->moved);
}

/* Ends connections of a server while they have sent too much data. The core still has the data of
 * those which it has yet to close. */
static void limit_data(const struct rpc_connections *server)
{
    double now = clock_seconds();
    size_t total = 0;
    size_t leaving = 0;
    struct rpc_connection *heaviest = NULL;
    for (struct rpc_connection *one = connections; one != NULL; one = one->hh.next) {
        if (one->server != server)
            continue;
        total += one->guard.bytes;
        leaving += one->ended ? one->guard.bytes : 0;
        if (!one->ended && one->guard.bytes > RPC_CONNECTIONS_FAIR_BYTES &&
            (heaviest == NULL || is_heavier(one, heaviest, now)))
            heaviest = one;
    }
    bool too_much =
        total - leaving > RPC_CONNECTIONS_BYTES || total > (size_t)2 * RPC_CONNECTIONS_BYTES;
    if (heaviest != NULL && too_much)
        end(heaviest);
}

/* Notes what the core gets to know of a server's connection. */
static void pass(struct rpc_connection *connection)
{
    backlog(connection->server);
    connection->server->backlog += (double)connection->guard.resets;
    connection->guard.resets = 0;
    connection->passed = connection->guard.stream_count;
}

/* Shows received bytes to the guard. Returns whether the core may have them. */
static bool receive(struct rpc_connection *connection, const struct msghdr *message, size_t length)
{
    size_t before = connection->guard.bytes;
    connection->received = clock_seconds();
    for (size_t i = 0; i < message->msg_iovlen && length > 0 && connection->fault == NULL; i++) {
        const struct iovec *part = &message->msg_iov[i];
        size_t taken = part->iov_len < length ? part->iov_len : length;
        connection->fault = rpc_guard_receive(&connection->guard, part->iov_base, taken);
        length -= taken;
    }
    if (connection->fault != NULL && !connection->ended)
        end(connection);
    if (connection->guard.bytes > before)
        move(connection, connection->guard.bytes - before);
    if (connection->server != NULL && !connection->ended)
        weigh(connection);
    if (connection->server != NULL && connection->guard.bytes > RPC_CONNECTIONS_FAIR_BYTES)
        limit_data(connection->server);
    if (connection->server != NULL && !connection->ended)
        pass(connection);
    return !connection->ended;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t result = __real_recvmsg(fd, message, flags);
    if (result <= 0 || (flags & (MSG_PEEK | MSG_ERRQUEUE)) != 0)
        return result;
    pthread_mutex_lock(&mutex);
    struct rpc_connection *connection = find(fd);
    bool passes = connection == NULL || receive(connection, message, (size_t)result);
    pthread_mutex_unlock(&mutex);
    if (passes)
        return result;
    errno = ECONNRESET;
    return -1;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t result = __real_sendmsg(fd, message, flags);
    int errnum = errno;
    pthread_mutex_lock(&mutex);
    struct rpc_connection *connection = result > 0 ? find(fd) : NULL;
    size_t length = connection != NULL ? (size_t)result : 0;
    for (size_t i = 0; length > 0; i++) {
        const struct iovec *part = &message->msg_iov[i];
        size_t taken = part->iov_len < length ? part->iov_len : length;
        rpc_guard_send(&connection->guard, part->iov_base, taken);
        length -= taken;
    }
    pthread_mutex_unlock(&mutex);
    errno = errnum;
    return result;
}

/* Notes what a server's connection leaves to the core when it is closed. */
static void leave(struct rpc_connection *connection)
{
    size_t calls = connection->guard.stream_count;
    if (calls > connection->passed)
        calls = connection->passed;
    connection->server->backlog +=
        (double)calls + (double)connection->guard.bytes / RPC_CONNECTIONS_CALL_BYTES;
}

int __wrap_close(int fd)
{
    pthread_mutex_lock(&mutex);
    struct rpc_connection *connection = find(fd);
    if (connection != NULL) {
        if (connection->server != NULL)
            leave(connection);
        HASH_DEL(connections, connection);
        unreference(connection);
    }
    pthread_mutex_unlock(&mutex);
    return __real_close(fd);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c) */

struct rpc_connection *rpc_connection_add(int fd, struct rpc_connections *server)
{
    struct rpc_connection *connection = xcalloc(1, sizeof(*connection));
    connection->fd = fd;
    connection->server = server;
    connection->received = clock_seconds();
    connection->references = 2; /* the caller's and the table's */
    rpc_guard_init(&connection->guard, server != NULL);
    pthread_mutex_lock(&mutex);
    HASH_ADD_INT(connections, fd, connection);
    pthread_mutex_unlock(&mutex);
    return connection;
}

struct rpc_connection *rpc_connection_find(int fd)
{
    pthread_mutex_lock(&mutex);
    struct rpc_connection *connection = find(fd);
    if (connection != NULL)
        connection->references++;
    pthread_mutex_unlock(&mutex);
    return connection;
}

struct rpc_intake *rpc_connection_intake(struct rpc_connection *connection)
{
    return &connection->intake;
}

void rpc_connection_release(struct rpc_connection *connection)
{
    if (connection == NULL)
        return;
    pthread_mutex_lock(&mutex);
    unreference(connection);
    pthread_mutex_unlock(&mutex);
}

const char *rpc_connection_fault(const struct rpc_connection *connection)
{
    pthread_mutex_lock(&mutex);
    const char *fault = connection->fault;
    pthread_mutex_unlock(&mutex);
    return fault;
}

/* Whether a is to be ended rather than b. */
static bool goes_before(const struct rpc_connection *a, const struct rpc_connection *b)
{
    bool a_waits = rpc_guard_owes(&a->guard);
    bool b_waits = rpc_guard_owes(&b->guard);
    return a_waits != b_waits ? b_waits : a->received < b->received;
}

/* Returns the connection that has to go before another is added, or NULL: there is room. */
static struct rpc_connection *first_to_go(const struct rpc_connections *server)
{
    size_t count = 0;
    struct rpc_connection *first = NULL;
    for (struct rpc_connection *one = connections; one != NULL; one = one->hh.next) {
        if (one->server != server || one->ended)
            continue;
        count++;
        if (first == NULL || goes_before(one, first))
            first = one;
    }
    return count >= RPC_CONNECTIONS ? first : NULL;
}

/* Data of a server's connections that were ended and not yet closed. */
static size_t data_leaving(const struct rpc_connections *server)
{
    size_t total = 0;
    for (struct rpc_connection *one = connections; one != NULL; one = one->hh.next)
        total += one->server == server && one->ended ? one->guard.bytes : 0;
    return total;
}

bool rpc_connections_may_grow(struct rpc_connections *server)
{
    static const double idle = RPC_CONNECTIONS_IDLE_MS / 1e3;
    pthread_mutex_lock(&mutex);
    const struct rpc_connection *first = first_to_go(server);
    bool may = (first == NULL || clock_seconds() - first->received >= idle) &&
               backlog(server) <= RPC_CONNECTIONS_WEIGHT && data_leaving(server) <= RPC_MAX_MESSAGE;
    pthread_mutex_unlock(&mutex);
    return may;
}

void rpc_connections_make_room(const struct rpc_connections *server)
{
    pthread_mutex_lock(&mutex);
    struct rpc_connection *first = first_to_go(server);
    if (first != NULL)
        end(first);
    pthread_mutex_unlock(&mutex);
}

void rpc_connections_init(struct rpc_connections *server)
{
    *server = (struct rpc_connections){.estimated = clock_seconds()};
}

void rpc_connections_pay(struct rpc_connections *server)
{
    pthread_mutex_lock(&mutex);
    server->backlog -= 1;
    pthread_mutex_unlock(&mutex);
}

void rpc_connections_forget(const struct rpc_connections *server)
{
    pthread_mutex_lock(&mutex);
    for (struct rpc_connection *one = connections; one != NULL; one = one->hh.next) {
        if (one->server == server)
            one->server = NULL;
    }
    pthread_mutex_unlock(&mutex);
}
