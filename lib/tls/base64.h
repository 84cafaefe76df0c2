/* Base64 (RFC 4648, section 4), as in Secrets, caBundle and the patches of webhooks. */
#ifndef TLS_BASE64_H
#define TLS_BASE64_H

#include <stddef.h>

/* Encodes text as Base64, on one line. Owned by the caller; no copy is left in memory. */
char *tls_base64_encode(const char *text);

/* Decodes length bytes of Base64, up to the first zero byte of the result. Owned by the caller;
 * NULL if they are not Base64. No copy is left in memory. */
char *tls_base64_decode(const char *base64, size_t length);

#endif
