#include "base/hash.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The four words of SipHash's state. */
struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(struct state *state, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        state->a += state->b;
        state->b = rotate(state->b, 13) ^ state->a;
        state->a = rotate(state->a, 32);
        state->c += state->d;
        state->d = rotate(state->d, 16) ^ state->c;
        state->a += state->d;
        state->d = rotate(state->d, 21) ^ state->a;
        state->c += state->b;
        state->b = rotate(state->b, 17) ^ state->c;
        state->c = rotate(state->c, 32);
    }
}

static void absorb(struct state *state, uint64_t word)
{
    state->d ^= word;
    mix(state, 2);
    state->a ^= word;
}

uint64_t hash_sip(const uint64_t key[2], const void *data, size_t length)
{
    const unsigned char *bytes = data;
    struct state state = {
        .a = key[0] ^ 0x736f6d6570736575, /* "somepseudorandomlygeneratedbytes" */
        .b = key[1] ^ 0x646f72616e646f6d,
        .c = key[0] ^ 0x6c7967656e657261,
        .d = key[1] ^ 0x7465646279746573,
    };
    size_t at = 0;
    for (; length - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes + at, sizeof(word));
        absorb(&state, le64toh(word));
    }
    uint64_t last = (uint64_t)length << 56;
    for (int shift = 0; at < length; at++, shift += 8)
        last |= (uint64_t)bytes[at] << shift;
    absorb(&state, last);
    state.c ^= 0xff;
    mix(&state, 4);
    return state.a ^ state.b ^ state.c ^ state.d;
}

static uint64_t seed[2];

static void make_seed(void)
{
    /* so few bytes are never read in part, and waiting for them is not interrupted for good */
    while (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        ;
}

unsigned hash_seeded(const void *key, size_t length)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_seed);
    return (unsigned)hash_sip(seed, key, length);
}
