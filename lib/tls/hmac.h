/* HMAC-SHA-256 (RFC 2104, FIPS 180-4). */
#ifndef TLS_HMAC_H
#define TLS_HMAC_H

#include <stddef.h>

enum { TLS_HMAC_BYTES = 32 };

/* The code of length bytes of data under a key of any length. */
void tls_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
    unsigned char out[TLS_HMAC_BYTES]);

#endif
