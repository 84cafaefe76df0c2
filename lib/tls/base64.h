/* Base64 (RFC 4648, section 4), as it is in Secrets, caBundle and the patches of webhooks. */
#ifndef TLS_BASE64_H
#define TLS_BASE64_H

#include <stddef.h>

/* The text in Base64, on one line. Owned by the caller; no copy of it is left behind. */
char *tls_base64_encode(const char *text);

/* What length bytes of Base64 stand for, up to the first zero byte. Owned by the caller, NULL when
 * they are not Base64; no copy of it is left behind. */
char *tls_base64_decode(const char *base64, size_t length);

#endif
