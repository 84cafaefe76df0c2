#include "base/json_go.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* What Go escapes and jansson does not: these stand only within strings. */
static const struct {
    const char *text, *escaped;
} escapes[] = {
    {"<", "\\u003c"},
    {">", "\\u003e"},
    {"&", "\\u0026"},
    {"\xe2\x80\xa8", "\\u2028"},
    {"\xe2\x80\xa9", "\\u2029"},
};

enum { LONGEST_ESCAPE = 6 };

/* Copies what begins at in to out; returns how many bytes of in it took, and adds to *out. */
static size_t copy_one(const char *in, char **out)
{
    for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
        if (!text_starts_with(in, escapes[i].text))
            continue;
        memcpy(*out, escapes[i].escaped, LONGEST_ESCAPE);
        *out += LONGEST_ESCAPE;
        return strlen(escapes[i].text);
    }
    size_t length = in[0] == '\\' ? (in[1] == 'u' ? LONGEST_ESCAPE : 2) : 1;
    for (size_t i = 0; i < length; i++) /* jansson writes the digits of \u001B in capitals */
        *(*out)++ = length == LONGEST_ESCAPE ? (char)tolower((unsigned char)in[i]) : in[i];
    return length;
}

char *json_go_text(const json_t *value)
{
    auto_free char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (text == NULL)
        return NULL;
    char *result = xmalloc(strlen(text) * LONGEST_ESCAPE + 1);
    char *out = result;
    for (const char *in = text; *in != '\0';)
        in += copy_one(in, &out);
    *out = '\0';
    return xrealloc(result, (size_t)(out - result) + 1);
}
