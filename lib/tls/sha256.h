/* SHA-256 (FIPS 180-4). */
#ifndef TLS_SHA256_H
#define TLS_SHA256_H

#include <stddef.h>

enum { TLS_SHA256_DIGITS = 64 };

/* The digest of length bytes in lowercase hexadecimal digits. */
void tls_sha256(const void *data, size_t length, char digits[TLS_SHA256_DIGITS + 1]);

#endif
