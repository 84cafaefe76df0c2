#include "tls/digest.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>

struct tls_digest {
    gnutls_hash_hd_t hash; /* NULL: finished */
    size_t length; /* of the digest, in bytes */
};

struct tls_digest *tls_digest_new(enum tls_digest_algorithm algorithm)
{
    static const gnutls_digest_algorithm_t algorithms[] = {
        [TLS_DIGEST_SHA1] = GNUTLS_DIG_SHA1,
        [TLS_DIGEST_SHA256] = GNUTLS_DIG_SHA256,
        [TLS_DIGEST_SHA512] = GNUTLS_DIG_SHA512,
    };
    struct tls_digest *digest = xcalloc(1, sizeof(*digest));
    digest->length = gnutls_hash_get_len(algorithms[algorithm]);
    if (gnutls_hash_init(&digest->hash, algorithms[algorithm]) < 0)
        abort(); /* out of memory */
    return digest;
}

void tls_digest_add(struct tls_digest *digest, const void *data, size_t length)
{
    gnutls_hash(digest->hash, data, length);
}

void tls_digest_finish(struct tls_digest *digest, char digits[TLS_DIGEST_MAX_DIGITS + 1])
{
    unsigned char bytes[TLS_DIGEST_MAX_DIGITS / 2] = {0};
    gnutls_hash_deinit(digest->hash, bytes);
    digest->hash = NULL;
    for (size_t i = 0; i < digest->length; i++)
        snprintf(&digits[2 * i], 3, "%02x", bytes[i]);
}

void tls_digest_free(struct tls_digest *digest)
{
    if (digest == NULL)
        return;
    if (digest->hash != NULL)
        gnutls_hash_deinit(digest->hash, NULL);
    free(digest);
}
