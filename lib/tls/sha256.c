#include "tls/sha256.h"

#include <gnutls/crypto.h>
#include <stdio.h>

void tls_sha256(const void *data, size_t length, char digits[TLS_SHA256_DIGITS + 1])
{
    unsigned char digest[TLS_SHA256_DIGITS / 2] = {0};
    gnutls_hash_fast(GNUTLS_DIG_SHA256, data, length, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(&digits[2 * i], 3, "%02x", digest[i]);
}
