/* Base64 (RFC 4648, section 4) that people write, with errors that name the place. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/error.h"

/* Decodes length bytes of text. As for Go's decoder, which reads it in Kubernetes, line ends are
 * skipped, the padding is required, and bits beyond the last byte do not count. Returns 0 with
 * *data, owned by the caller and followed by a zero byte that *data_length does not count; or -1
 * with an input error that says which character is wrong, and what would be right. */
int base64_decode(
    const char *text, size_t length, char **data, size_t *data_length, struct error **err);

#endif
