#include "tls/hmac.h"

#include <gnutls/crypto.h>
#include <stdlib.h>

void tls_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
    unsigned char out[TLS_HMAC_BYTES])
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_length, data, length, out) < 0)
        abort(); /* it fails only when out of memory */
}
