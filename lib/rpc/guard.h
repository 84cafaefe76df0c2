/* What a peer may make the gRPC core keep and do for one connection.
 *
 * The core (1.51) puts no bound on the calls that a peer opens or resets before it acknowledges our
 * settings, on the headers it continues, and on the frames of a byte each into which it cuts a
 * message: each of them costs gigabytes, or all of the processor. A guard sees every frame of a
 * connection in both directions and says when the peer exceeds what an honest one needs.
 *
 * A frame that neither opens a call nor brings a fair amount of data costs a point, of which there
 * are RPC_GUARD_POINTS, and some for each open call. A call that one side has ended properly leaves
 * its points behind; one that the peer resets does not. Data that we send gives points, as the peer
 * has to acknowledge it. So does time, slowly. */
#ifndef RPC_GUARD_H
#define RPC_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/frames.h"

enum {
    /* Calls that a peer may have open at the same time. A server announces RPC_GUARD_STREAMS. The
     * core ends the connection of a client that has acknowledged this and has more calls open, even
     * if it opened them before: the limit is far above what any launcher needs. A client that does
     * not acknowledge it has its connection ended at RPC_GUARD_STREAMS_UNTOLD. */
    RPC_GUARD_STREAMS = 400,
    RPC_GUARD_STREAMS_UNTOLD = 800,
    /* The largest compressed block of headers, in bytes. The core refuses calls with more than 64
     * KiB of headers, but only after it has read them all. */
    RPC_GUARD_HEADER_BLOCK = 80 << 10,
    RPC_GUARD_POINTS = 1000,
    RPC_GUARD_POINTS_PER_SECOND = 100,
    RPC_GUARD_POINTS_PER_CALL = 8,
    /* What it costs to reset a call: the core has spent memory on it, which it keeps for a while. */
    RPC_GUARD_POINTS_PER_RESET = 4,
    /* A DATA frame at least this long costs nothing; this much data sent gives a point back. */
    RPC_GUARD_FAIR_DATA = 1024,
};

/* A call that is not over. */
struct rpc_guard_stream {
    uint32_t number;
    bool asked; /* of a server: its request has arrived completely */
    size_t bytes; /* of data that were received */
};

struct rpc_guard {
    bool server; /* our side */
    struct rpc_frames received;
    struct rpc_frames sent;
    uint32_t last_stream; /* the highest that was opened */
    struct rpc_guard_stream streams[RPC_GUARD_STREAMS_UNTOLD]; /* that are open, in no order */
    size_t stream_count;
    size_t bytes; /* of data of open streams */
    size_t resets; /* calls that the peer has reset; the user may set it to 0 */
    size_t header_block; /* bytes of the current or last block of headers */
    double points;
    double refilled; /* clock_seconds when points were last added for time */
};

/* Starts with a new connection. */
void rpc_guard_init(struct rpc_guard *guard, bool server);

/* Takes bytes that the peer has sent, in order. Returns NULL, or what is wrong with the peer, a
 * static text: end the connection, and do not call it again. */
const char *rpc_guard_receive(struct rpc_guard *guard, const void *data, size_t length);

/* Takes bytes that were sent to the peer, in order. */
void rpc_guard_send(struct rpc_guard *guard, const void *data, size_t length);

/* How much the peer makes the core keep, in calls: those that are open, and those that its points
 * would have paid for resetting. */
size_t rpc_guard_weight(struct rpc_guard *guard);

/* Whether the peer waits for the answer to a request that it has sent completely. */
bool rpc_guard_owes(const struct rpc_guard *guard);

#endif
