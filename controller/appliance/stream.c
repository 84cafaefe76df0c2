#include "controller/appliance/stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void controller_stream_init(
    struct controller_stream *stream, const struct controller_key *key, const char *nonce)
{
    *stream = (struct controller_stream){.key = key, .nonce = xstrdup(nonce)};
}

void controller_stream_clear(struct controller_stream *stream)
{
    free(stream->nonce);
    explicit_bzero(stream, sizeof(*stream));
}

void controller_stream_rewind(struct controller_stream *stream)
{
    stream->blocks = 0;
    stream->left = 0;
}

static unsigned char next_byte(struct controller_stream *stream)
{
    if (stream->left == 0) {
        auto_free char *text = xasprintf("%s %" PRIu64, stream->nonce, stream->blocks++);
        controller_key_code(stream->key, CONTROLLER_KEY_RANDOM, text, stream->block);
        stream->left = sizeof(stream->block);
    }
    return stream->block[--stream->left];
}

/* Numbers from which the remainder would not be uniform are passed over. */
static uint32_t below(void *user, uint32_t limit)
{
    struct controller_stream *stream = user;
    uint32_t rest = (UINT32_MAX % limit + 1) % limit; /* of 2^32 */
    for (;;) {
        uint32_t number = 0;
        for (int i = 0; i < 4; i++)
            number = number << 8 | next_byte(stream);
        if (number <= UINT32_MAX - rest)
            return number % limit;
    }
}

struct appliance_random controller_stream_random(struct controller_stream *stream)
{
    return (struct appliance_random){.below = below, .user = stream};
}
