/* A JSON text as its bytes arrive: tells a handler of each token, in order. Nothing is built and
 * nothing recurses, so the memory used is bounded whatever the text is: one string and one bit for
 * each level of nesting.
 *
 * A token whose own bytes are wrong or too many (invalid UTF-8, a bad escape, a number such as 01)
 * is handed on with a fault, and reading continues after it: one bad value in a list does not hide
 * the others. Only a text whose structure is wrong ends the reading.
 * Source: RFC 8259. */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

enum {
    JSON_READ_MAX_DEPTH = 10000, /* arrays and objects inside one another; Go's own limit */
    JSON_READ_MAX_NUMBER = 1024, /* bytes of a number */
    JSON_READ_MAX_STRING = 4 << 20, /* bytes of a string or key, escapes included */
};

enum json_token_kind {
    JSON_TOKEN_OBJECT, /* "{" */
    JSON_TOKEN_ARRAY, /* "[" */
    JSON_TOKEN_END, /* of the innermost object or array */
    JSON_TOKEN_KEY,
    JSON_TOKEN_STRING,
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_TRUE,
    JSON_TOKEN_FALSE,
    JSON_TOKEN_NULL,
};

struct json_token {
    enum json_token_kind kind;
    const char *text; /* of a key or string: its UTF-8, unescaped; of a number: as it is written.
                         Not terminated; may hold zero bytes. Valid during the call */
    size_t length;
    const char *fault; /* why text cannot be used: "is not valid UTF-8"; NULL: nothing. Static */
};

typedef void json_token_handler(void *user, const struct json_token *token);

/* A reader of one JSON value. Not to be copied. */
struct json_reader {
    json_token_handler *on_token;
    void *user;
    char *pending; /* a token of which the end has not arrived; owned */
    size_t pending_length;
    size_t pending_size;
    size_t depth;
    size_t line; /* from 1 */
    size_t line_start; /* how many bytes precede the line */
    size_t line_extra; /* bytes of the line that continue a character */
    size_t position; /* how many bytes have been read */
    int state;
    bool escaped; /* within a string: the last byte was a backslash that escapes */
    bool has_escapes;
    bool too_long;
    uint8_t is_object[JSON_READ_MAX_DEPTH / 8 + 1]; /* a bit for each level */
};

/* Nothing has been read. json_reader_clear is due. */
void json_reader_init(struct json_reader *reader, json_token_handler *on_token, void *user);

/* Reads the next bytes of the text. Returns 0, or -1 with an input error that says what is wrong
 * with the structure, with its place in *fault where that is not NULL; the reader takes no more
 * then. */
int json_reader_feed(struct json_reader *reader, const char *bytes, size_t length,
    struct json_fault *fault, struct error **err);

/* The text is over. Returns 0 when it was one whole value, or -1 as json_reader_feed does. */
int json_reader_end(struct json_reader *reader, struct json_fault *fault, struct error **err);

void json_reader_clear(struct json_reader *reader);

/* How many values a text has; of one that is not JSON, how many precede the fault in its
 * structure. */
size_t json_read_count(const char *text, size_t length);

#endif
