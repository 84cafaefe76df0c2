#include "rpc/frames.h"

#include <string.h>

void rpc_frames_init(struct rpc_frames *frames, bool preface)
{
    enum { PREFACE = 24 }; /* RFC 9113, section 3.4 */
    *frames = (struct rpc_frames){.skip = preface ? PREFACE : 0};
}

/* Takes at most wanted bytes. Returns how many. */
static size_t take(const uint8_t **data, size_t *length, size_t wanted)
{
    size_t taken = *length < wanted ? *length : wanted;
    *data += taken;
    *length -= taken;
    return taken;
}

static uint32_t big_endian(const uint8_t *bytes, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool rpc_frames_next(
    struct rpc_frames *frames, const uint8_t **data, size_t *length, struct rpc_frame *frame)
{
    frames->skip -= (uint32_t)take(data, length, frames->skip);
    if (*length == 0)
        return false;
    uint8_t *header = frames->header;
    const uint8_t *start = *data;
    size_t taken = take(data, length, RPC_FRAME_HEADER_BYTES - frames->have);
    memcpy(header + frames->have, start, taken);
    frames->have += taken;
    if (frames->have < RPC_FRAME_HEADER_BYTES)
        return false;
    *frame = (struct rpc_frame){
        .length = big_endian(header, 3),
        .type = header[3],
        .flags = header[4],
        .stream = big_endian(header + 5, 4) & INT32_MAX,
    };
    frames->have = 0;
    frames->skip = frame->length;
    return true;
}
