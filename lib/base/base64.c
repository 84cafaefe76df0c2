#include "base/base64.h"

#include <resolv.h>
#include <string.h>

#include "base/text.h"

enum {
    GROUP = 4, /* characters, for 3 bytes */
    MAX_PADDING = 2,
    LONGEST_CHARACTER = 4, /* bytes, in UTF-8 */
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Refuses the character at an offset. */
static int refuse(const char *text, size_t length, size_t offset, struct error **err)
{
    size_t size = 1;
    while (size < LONGEST_CHARACTER && offset + size < length &&
           ((unsigned char)text[offset + size] & 0xC0) == 0x80)
        size++;
    auto_free char *shown = text_printable(text + offset, size, size);
    bool is_url = text[offset] == '-' || text[offset] == '_';
    return error_set(err, ERROR_INPUT,
        "it is not Base64: \"%s\" at byte %zu is not one of A-Z, a-z, 0-9, + and /, with = only at "
        "the end%s",
        shown, offset + 1, is_url ? " (it looks like the alphabet for URLs: use base64(1))" : "");
}

int base64_decode(
    const char *text, size_t length, char **data, size_t *data_length, struct error **err)
{
    auto_free char *clean = xmalloc(length + 1);
    size_t count = 0;
    size_t padding = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n' || text[i] == '\r')
            continue;
        bool pads = text[i] == '=';
        if (!pads && (padding > 0 || memchr(alphabet, text[i], sizeof(alphabet) - 1) == NULL))
            return refuse(text, length, i, err);
        padding += pads;
        clean[count++] = text[i];
    }
    clean[count] = '\0';
    if (count % GROUP != 0 || padding > MAX_PADDING)
        return error_set(err, ERROR_INPUT,
            "it is not Base64: it has %zu characters, %zu of them = at the end, which is not a "
            "multiple of 4 with at most two = (is it cut off?)",
            count, padding);
    if (padding > 0) { /* bits beyond the last byte do not count */
        char *last = &clean[count - padding - 1];
        const char *found = memchr(alphabet, *last, sizeof(alphabet) - 1);
        *last = alphabet[(size_t)(found - alphabet) & (padding == 1 ? ~3UL : ~15UL)];
    }
    size_t size = count / GROUP * 3 + 1;
    auto_free char *bytes = xmalloc(size + 1);
    int decoded = b64_pton(clean, (unsigned char *)bytes, size);
    if (decoded < 0)
        return error_set(err, ERROR_INPUT, "it is not Base64");
    bytes[decoded] = '\0';
    *data = steal(&bytes);
    *data_length = (size_t)decoded;
    return 0;
}
