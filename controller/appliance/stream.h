/* Random numbers that derive from the controller's key and a nonce: the webhook and the controller
 * get the same ones for a VM, and nobody without the key does. */
#ifndef CONTROLLER_APPLIANCE_STREAM_H
#define CONTROLLER_APPLIANCE_STREAM_H

#include <stdint.h>

#include "appliance/random.h"
#include "controller/appliance/key.h"

struct controller_stream {
    const struct controller_key *key; /* borrowed */
    char *nonce; /* owned */
    uint64_t blocks; /* how many have been made */
    size_t left; /* bytes of the last one */
    unsigned char block[CONTROLLER_KEY_BYTES];
};

/* A stream at its beginning; the key must be ready. */
void controller_stream_init(
    struct controller_stream *stream, const struct controller_key *key, const char *nonce);
void controller_stream_clear(struct controller_stream *stream);

/* Back to the beginning: the same numbers again. */
void controller_stream_rewind(struct controller_stream *stream);

/* The stream as a source; borrows it. */
struct appliance_random controller_stream_random(struct controller_stream *stream);

#endif
