#include "rpc/guard.h"

#include "base/clock.h"

void rpc_guard_init(struct rpc_guard *guard, bool server)
{
    guard->server = server;
    rpc_frames_init(&guard->received, server);
    rpc_frames_init(&guard->sent, !server);
    guard->last_stream = 0;
    guard->stream_count = 0;
    guard->bytes = 0;
    guard->resets = 0;
    guard->header_block = 0;
    guard->points = RPC_GUARD_POINTS;
    guard->refilled = clock_seconds();
}

static void give(struct rpc_guard *guard, double points)
{
    guard->points += points;
    if (guard->points > RPC_GUARD_POINTS)
        guard->points = RPC_GUARD_POINTS;
}

/* Gives what the time has earned. */
static void refill(struct rpc_guard *guard)
{
    double now = clock_seconds();
    give(guard, (now - guard->refilled) * RPC_GUARD_POINTS_PER_SECOND);
    guard->refilled = now;
}

/* Takes points. Returns NULL, or what is wrong. */
static const char *charge(struct rpc_guard *guard, double points)
{
    double least = -(double)guard->stream_count * RPC_GUARD_POINTS_PER_CALL;
    if (guard->points < least + points)
        refill(guard);
    guard->points -= points;
    return guard->points < least ? "the peer floods the connection with frames" : NULL;
}

static struct rpc_guard_stream *find_stream(struct rpc_guard *guard, uint32_t number)
{
    for (size_t i = 0; i < guard->stream_count; i++) {
        if (guard->streams[i].number == number)
            return &guard->streams[i];
    }
    return NULL;
}

/* Adds a stream that HEADERS open, if there is room. Returns whether it was new. */
static bool open_stream(struct rpc_guard *guard, uint32_t number)
{
    if (number <= guard->last_stream)
        return false;
    guard->last_stream = number;
    if (guard->stream_count < RPC_GUARD_STREAMS_UNTOLD)
        guard->streams[guard->stream_count++] = (struct rpc_guard_stream){.number = number};
    return true;
}

/* Removes a stream that is over, if it is open; its points stay when it ended properly. */
static void close_stream(struct rpc_guard *guard, uint32_t number, bool properly)
{
    struct rpc_guard_stream *stream = find_stream(guard, number);
    if (stream == NULL)
        return;
    guard->bytes -= stream->bytes;
    *stream = guard->streams[--guard->stream_count];
    give(guard, properly ? RPC_GUARD_POINTS_PER_CALL : 0);
}

/* Whether a frame is the last of its side's stream. */
static bool ends_stream(const struct rpc_frame *frame)
{
    return (frame->type == RPC_FRAME_DATA || frame->type == RPC_FRAME_HEADERS) &&
           (frame->flags & RPC_FRAME_END_STREAM) != 0;
}

static const char *receive_headers(struct rpc_guard *guard, const struct rpc_frame *frame)
{
    guard->header_block = frame->length;
    bool full = guard->stream_count == RPC_GUARD_STREAMS_UNTOLD;
    if (!guard->server || !open_stream(guard, frame->stream))
        return charge(guard, 1);
    return full ? "the peer has too many calls open" : NULL;
}

/* The core's flow control suffices for a fair amount of data: it does not count the frames, and
 * ignores those of calls that are over. */
static const char *receive_data(struct rpc_guard *guard, const struct rpc_frame *frame)
{
    struct rpc_guard_stream *stream = find_stream(guard, frame->stream);
    if (stream != NULL) {
        stream->bytes += frame->length;
        guard->bytes += frame->length;
    }
    return stream != NULL && frame->length >= RPC_GUARD_FAIR_DATA ? NULL : charge(guard, 1);
}

static const char *receive_reset(struct rpc_guard *guard, const struct rpc_frame *frame)
{
    bool resets = guard->server && find_stream(guard, frame->stream) != NULL;
    close_stream(guard, frame->stream, !guard->server);
    guard->resets += resets;
    return charge(guard, resets ? RPC_GUARD_POINTS_PER_RESET : 1);
}

static void receive_end(struct rpc_guard *guard, uint32_t number)
{
    struct rpc_guard_stream *stream = find_stream(guard, number);
    if (!guard->server)
        close_stream(guard, number, true);
    else if (stream != NULL)
        stream->asked = true;
}

static const char *receive_frame(struct rpc_guard *guard, const struct rpc_frame *frame)
{
    const char *wrong = NULL;
    switch (frame->type) {
    case RPC_FRAME_HEADERS:
        wrong = receive_headers(guard, frame);
        break;
    case RPC_FRAME_CONTINUATION:
        guard->header_block += frame->length;
        wrong = charge(guard, 1);
        break;
    case RPC_FRAME_DATA:
        wrong = receive_data(guard, frame);
        break;
    case RPC_FRAME_RST_STREAM:
        wrong = receive_reset(guard, frame);
        break;
    default:
        wrong = charge(guard, 1);
        break;
    }
    if (ends_stream(frame))
        receive_end(guard, frame->stream);
    return guard->header_block > RPC_GUARD_HEADER_BLOCK ? "the headers of the peer are too large"
                                                        : wrong;
}

const char *rpc_guard_receive(struct rpc_guard *guard, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    const char *wrong = NULL;
    struct rpc_frame frame;
    while (wrong == NULL && rpc_frames_next(&guard->received, &bytes, &length, &frame))
        wrong = receive_frame(guard, &frame);
    return wrong;
}

static void send_frame(struct rpc_guard *guard, const struct rpc_frame *frame)
{
    switch (frame->type) {
    case RPC_FRAME_HEADERS:
        if (!guard->server)
            open_stream(guard, frame->stream);
        break;
    case RPC_FRAME_DATA:
        give(guard, 1 + (double)frame->length / RPC_GUARD_FAIR_DATA);
        break;
    case RPC_FRAME_RST_STREAM:
        close_stream(guard, frame->stream, true);
        break;
    case RPC_FRAME_PING:
    case RPC_FRAME_SETTINGS: /* the peer acknowledges ours */
        give(guard, (frame->flags & RPC_FRAME_ACK) == 0 ? 1 : 0);
        break;
    default:
        break;
    }
    if (guard->server && ends_stream(frame))
        close_stream(guard, frame->stream, true);
}

void rpc_guard_send(struct rpc_guard *guard, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    struct rpc_frame frame;
    while (rpc_frames_next(&guard->sent, &bytes, &length, &frame))
        send_frame(guard, &frame);
}

size_t rpc_guard_weight(struct rpc_guard *guard)
{
    refill(guard);
    return guard->stream_count +
           (size_t)((RPC_GUARD_POINTS - guard->points) / RPC_GUARD_POINTS_PER_RESET);
}

bool rpc_guard_owes(const struct rpc_guard *guard)
{
    for (size_t i = 0; i < guard->stream_count; i++) {
        if (guard->streams[i].asked)
            return true;
    }
    return false;
}
