/* Digests of data that come in pieces, by the algorithms that packages of others use. */
#ifndef TLS_DIGEST_H
#define TLS_DIGEST_H

#include <stddef.h>

#include "base/memory.h"

/* Source: FIPS 180-4. SHA-1 finds accidents only. */
enum tls_digest_algorithm { TLS_DIGEST_SHA1, TLS_DIGEST_SHA256, TLS_DIGEST_SHA512 };

enum { TLS_DIGEST_MAX_DIGITS = 128 };

struct tls_digest; /* opaque */

/* The digest of nothing yet, owned by the caller. */
struct tls_digest *tls_digest_new(enum tls_digest_algorithm algorithm);
void tls_digest_add(struct tls_digest *digest, const void *data, size_t length);

/* The digest of all that was added, in lower-case hexadecimal digits. Nothing may be added
 * afterwards. */
void tls_digest_finish(struct tls_digest *digest, char digits[TLS_DIGEST_MAX_DIGITS + 1]);
void tls_digest_free(struct tls_digest *digest); /* NULL is allowed */

DEFINE_CLEANUP(tls_digest, struct tls_digest *, tls_digest_free);
#define auto_tls_digest auto_cleanup(tls_digest)

#endif
