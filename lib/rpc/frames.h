/* The frames of one direction of an HTTP/2 connection, found in its bytes as they pass. Payloads
 * are skipped. */
#ifndef RPC_FRAMES_H
#define RPC_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types and flags that matter here. Source: RFC 9113, section 6. */
enum rpc_frame_type {
    RPC_FRAME_DATA = 0,
    RPC_FRAME_HEADERS = 1,
    RPC_FRAME_RST_STREAM = 3,
    RPC_FRAME_SETTINGS = 4,
    RPC_FRAME_PING = 6,
    RPC_FRAME_CONTINUATION = 9,
};
enum { RPC_FRAME_END_STREAM = 0x1, RPC_FRAME_ACK = 0x1, RPC_FRAME_HEADER_BYTES = 9 };

struct rpc_frame {
    uint32_t length; /* of the payload, below 1 << 24 */
    uint8_t type; /* enum rpc_frame_type or another */
    uint8_t flags;
    uint32_t stream;
};

/* Where the bytes have got to. */
struct rpc_frames {
    uint32_t skip; /* bytes until the next frame: of a payload, or of the preface */
    uint8_t header[RPC_FRAME_HEADER_BYTES];
    size_t have; /* bytes of header */
};

/* Starts at the first byte of the direction; that of a client begins with the preface. */
void rpc_frames_init(struct rpc_frames *frames, bool preface);

/* Takes the next bytes, up to the end of a frame's header. Advances *data and *length past what it
 * took. Returns whether it found a header and set *frame; if not, all bytes are taken. */
bool rpc_frames_next(
    struct rpc_frames *frames, const uint8_t **data, size_t *length, struct rpc_frame *frame);

#endif
