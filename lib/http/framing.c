#include "http/framing.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/unused.h"

struct framing {
    unsigned lengths, encodings; /* how many such headers */
    bool bad_name;
    bool bad_length;
    bool bad_encoding;
};

static enum MHD_Result look_at(
    void *user, UNUSED enum MHD_ValueKind kind, const char *name, const char *value)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct framing *framing = user;
    value = text_or(value, "");
    if (name[0] == '\0' || name[strspn(name, token)] != '\0')
        framing->bad_name = true;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        framing->lengths++;
        if (value[0] == '\0' || value[strspn(value, "0123456789")] != '\0')
            framing->bad_length = true;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        framing->encodings++;
        if (strcasecmp(value, "chunked") != 0)
            framing->bad_encoding = true;
    }
    return MHD_YES;
}

const char *http_framing_fault(struct MHD_Connection *connection, const char *version)
{
    struct framing framing = {.lengths = 0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at, &framing);
    bool is_1_1 = streq(version, MHD_HTTP_VERSION_1_1);
    if (!is_1_1 && !streq(version, MHD_HTTP_VERSION_1_0))
        return "the version of the protocol must be HTTP/1.1 or HTTP/1.0";
    if (framing.bad_name)
        return "the name of a header has a character that is not allowed there";
    if (framing.lengths > 1 || framing.bad_length)
        return "Content-Length must be given once, as a number";
    if (framing.encodings > 1 || framing.bad_encoding)
        return "Transfer-Encoding must be given once, and be chunked";
    if (framing.encodings > 0 && (framing.lengths > 0 || !is_1_1))
        return "Transfer-Encoding needs HTTP/1.1, and no Content-Length beside it";
    return NULL;
}
