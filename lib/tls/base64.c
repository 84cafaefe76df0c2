#include "tls/base64.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

char *tls_base64_encode(const char *text)
{
    const gnutls_datum_t plain = {(unsigned char *)text, (unsigned)strlen(text)};
    gnutls_datum_t encoded = {NULL, 0};
    if (gnutls_base64_encode2(&plain, &encoded) < 0)
        abort(); /* it fails only when out of memory */
    char *copy = xstrndup((const char *)encoded.data, encoded.size);
    gnutls_memset(encoded.data, 0, encoded.size);
    gnutls_free(encoded.data);
    return copy;
}

char *tls_base64_decode(const char *base64, size_t length)
{
    const gnutls_datum_t encoded = {(unsigned char *)base64, (unsigned)length};
    gnutls_datum_t plain = {NULL, 0};
    if (gnutls_base64_decode2(&encoded, &plain) < 0)
        return NULL;
    char *text = xstrndup((const char *)plain.data, plain.size);
    gnutls_memset(plain.data, 0, plain.size);
    gnutls_free(plain.data);
    return text;
}
