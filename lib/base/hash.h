/* uthash's tables for keys that others choose: with a hash that differs in each process, nobody can
 * choose keys that collide. Include it instead of <uthash.h>, in every file that uses the table. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_FUNCTION(key, length, hash) ((hash) = hash_seeded(key, length))
#include <uthash.h>

/* The hash of a key, the same throughout the process. From any thread. */
unsigned hash_seeded(const void *key, size_t length);

/* SipHash-2-4 of length bytes under the key of 128 bits that these numbers are in little-endian
 * order. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
uint64_t hash_sip(const uint64_t key[2], const void *data, size_t length);

#endif
