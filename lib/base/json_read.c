#include "base/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum state {
    VALUE, /* a value must come */
    FIRST_ITEM, /* after "[": a value or the end */
    FIRST_KEY, /* after "{": a key or the end */
    NEXT_KEY, /* after "," in an object */
    COLON,
    AFTER_VALUE, /* "," or the end of what it is in */
    IN_KEY,
    IN_STRING,
    IN_WORD, /* a number, true, false or null */
    DONE, /* only white space may come */
    FAILED,
};

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* Whether byte may be part of a number or literal. */
static bool is_word_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
           (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

void json_reader_init(struct json_reader *reader, json_token_handler *on_token, void *user)
{
    reader->on_token = on_token;
    reader->user = user;
    reader->pending = NULL;
    reader->pending_length = reader->pending_size = 0;
    reader->depth = 0;
    reader->line = 1;
    reader->line_start = reader->line_extra = 0;
    reader->position = 0;
    reader->state = VALUE;
    reader->escaped = reader->has_escapes = reader->too_long = false;
}

void json_reader_clear(struct json_reader *reader)
{
    free(reader->pending);
}

/* Sets the error that the byte before the current position is wrong. */
static int fail(
    struct json_reader *reader, const char *what, struct json_fault *fault, struct error **err)
{
    size_t in_line = reader->position - reader->line_start - reader->line_extra;
    reader->state = FAILED;
    if (fault != NULL)
        *fault = (struct json_fault){reader->line, in_line > 0 ? in_line : 1,
            reader->position > 0 ? reader->position - 1 : 0};
    return error_set(err, ERROR_INPUT, "not valid JSON: %s", what);
}

static void tell(const struct json_reader *reader, struct json_token token)
{
    reader->on_token(reader->user, &token);
}

/* What comes after a value that is complete. */
static void finish_value(struct json_reader *reader)
{
    reader->state = reader->depth > 0 ? AFTER_VALUE : DONE;
}

static bool in_object(const struct json_reader *reader)
{
    size_t level = reader->depth - 1;
    return reader->depth > 0 && (reader->is_object[level / 8] >> (level % 8) & 1) != 0;
}

static bool enter(struct json_reader *reader, bool object)
{
    if (reader->depth == JSON_READ_MAX_DEPTH)
        return false;
    uint8_t bit = (uint8_t)(1 << (reader->depth % 8));
    uint8_t *byte = &reader->is_object[reader->depth / 8];
    if (reader->depth % 8 == 0)
        *byte = 0; /* its first level */
    *byte = (uint8_t)(object ? *byte | bit : *byte & ~bit);
    reader->depth++;
    reader->state = object ? FIRST_KEY : FIRST_ITEM;
    tell(reader, (struct json_token){.kind = object ? JSON_TOKEN_OBJECT : JSON_TOKEN_ARRAY});
    return true;
}

static void leave(struct json_reader *reader)
{
    reader->depth--;
    tell(reader, (struct json_token){.kind = JSON_TOKEN_END});
    finish_value(reader);
}

/* Whether text is a number of the grammar: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool is_number(const char *text, size_t length)
{
    const char *end = text + length;
    const char *at = text + (text < end && *text == '-');
    const char *digits = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at < end && *at == '.') {
        digits = ++at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        digits = at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        if (at == digits)
            return false;
    }
    return at == end;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

static void tell_word(struct json_reader *reader, const char *text, size_t length)
{
    struct json_token token = {.text = text, .length = length, .kind = JSON_TOKEN_NUMBER};
    if (is_word(text, length, "true"))
        token.kind = JSON_TOKEN_TRUE;
    else if (is_word(text, length, "false"))
        token.kind = JSON_TOKEN_FALSE;
    else if (is_word(text, length, "null"))
        token.kind = JSON_TOKEN_NULL;
    else if (reader->too_long)
        token.fault = "is a number of too many digits";
    else if (!is_number(text, length))
        token.fault = "is not a number, true, false or null";
    reader->too_long = false;
    tell(reader, token);
    finish_value(reader);
}

/* The value of 4 hexadecimal digits, or -1. */
static long hex4(const char *text, const char *end)
{
    long value = 0;
    if (end - text < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char digit = text[i];
        if (digit >= '0' && digit <= '9')
            value = value * 16 + (digit - '0');
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            value = value * 16 + ((digit | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static char *put_utf8(char *out, long code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* Reads what follows "\u" at *at, with its low surrogate where it is a high one. Returns the code
 * point, or -1 when it is not one. */
static long unescape_code(const char **at, const char *end)
{
    long code = hex4(*at, end);
    if (code < 0)
        return -1;
    *at += 4;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    if (code > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return -1;
    long low = hex4(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    *at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

/* Undoes the escapes of a string in its place: what they stand for is never longer. Returns whether
 * they are right. */
static bool unescape(char *text, size_t *length)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *at = text;
    const char *end = text + *length;
    char *out = text;
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        const char *simple = at[1] != '\0' ? strchr(from, at[1]) : NULL;
        long code = simple != NULL ? to[simple - from] : -1;
        at += 2;
        if (simple == NULL && at[-1] == 'u')
            code = unescape_code(&at, end);
        if (code < 0)
            return false;
        out = put_utf8(out, code);
    }
    *length = (size_t)(out - text);
    return true;
}

static size_t count_continuations(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) == 0x80;
    return count;
}

/* Whether a string as it is written has only bytes that may stand there unescaped. */
static const char *find_fault(struct json_reader *reader, const char *text, size_t length)
{
    bool ascii = true;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20)
            return "has a control character that is not escaped";
        ascii = ascii && (unsigned char)text[i] < 0x80;
    }
    if (ascii)
        return NULL;
    reader->line_extra += count_continuations(text, length);
    return text_is_utf8(text, length, NULL) ? NULL : "is not valid UTF-8";
}

static void tell_string(
    struct json_reader *reader, const char *text, size_t length, const char *fault)
{
    bool key = reader->state == IN_KEY;
    tell(reader, (struct json_token){.kind = key ? JSON_TOKEN_KEY : JSON_TOKEN_STRING,
                     .text = text,
                     .length = length,
                     .fault = fault});
    if (key)
        reader->state = COLON;
    else
        finish_value(reader);
}

/* Tells of the string that has been kept. */
static void tell_kept(struct json_reader *reader)
{
    size_t length = reader->pending_length;
    const char *fault =
        reader->too_long ? "is too long" : find_fault(reader, reader->pending, length);
    if (fault == NULL && reader->has_escapes && !unescape(reader->pending, &length))
        fault = "has an escape that JSON does not have";
    tell_string(reader, text_or(reader->pending, ""), length, fault);
    reader->pending_length = 0;
    reader->too_long = false;
}

/* Keeps the part of a token that has arrived, up to a limit. */
static void keep(struct json_reader *reader, const char *bytes, size_t length, size_t limit)
{
    if (reader->too_long || length > limit - reader->pending_length) {
        reader->too_long = true;
        return;
    }
    size_t needed = reader->pending_length + length + 1;
    if (needed > reader->pending_size) {
        reader->pending_size = needed + needed / 2;
        reader->pending = xrealloc(reader->pending, reader->pending_size);
    }
    memcpy(reader->pending + reader->pending_length, bytes, length);
    reader->pending_length += length;
    reader->pending[reader->pending_length] = '\0';
}

/* Reads on within a string or key. Returns how many bytes were read, the closing quote included. */
static size_t read_string(struct json_reader *reader, const char *bytes, size_t length)
{
    size_t at = 0;
    for (; at < length; at++) {
        if (reader->escaped) {
            reader->escaped = false;
        } else if (bytes[at] == '\\') {
            reader->escaped = reader->has_escapes = true;
        } else if (bytes[at] == '"') {
            break;
        }
    }
    bool whole = at < length;
    bool kept = reader->pending_length > 0 || reader->too_long;
    if (whole && !kept && !reader->has_escapes && at <= JSON_READ_MAX_STRING) {
        tell_string(reader, bytes, at, find_fault(reader, bytes, at));
        return at + 1;
    }
    keep(reader, bytes, at, JSON_READ_MAX_STRING);
    if (whole)
        tell_kept(reader);
    return whole ? at + 1 : at;
}

static size_t read_word(struct json_reader *reader, const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && is_word_byte(bytes[at]))
        at++;
    if (at < length && reader->pending_length == 0 && at <= JSON_READ_MAX_NUMBER &&
        !reader->too_long) {
        tell_word(reader, bytes, at);
        return at;
    }
    keep(reader, bytes, at, JSON_READ_MAX_NUMBER);
    if (at < length) {
        tell_word(reader, reader->pending, reader->pending_length);
        reader->pending_length = 0;
    }
    return at;
}

static void start_string(struct json_reader *reader, enum state state)
{
    reader->state = (int)state;
    reader->escaped = reader->has_escapes = reader->too_long = false;
}

/* Takes the first byte of a value that is no word. Returns what is wrong, or NULL. */
static const char *start_value(struct json_reader *reader, char byte)
{
    if (byte == '"') {
        start_string(reader, IN_STRING);
        return NULL;
    }
    if (byte == ']' && reader->state == FIRST_ITEM) {
        leave(reader);
        return NULL;
    }
    if (byte != '{' && byte != '[')
        return "a value is expected";
    return enter(reader, byte == '{') ? NULL : "it is nested too deeply";
}

static const char *start_key(struct json_reader *reader, char byte)
{
    if (byte == '}' && reader->state == FIRST_KEY)
        leave(reader);
    else if (byte == '"')
        start_string(reader, IN_KEY);
    else
        return "a key in quotes is expected";
    return NULL;
}

static const char *after_value(struct json_reader *reader, char byte)
{
    bool object = in_object(reader);
    if (byte == ',')
        reader->state = object ? NEXT_KEY : VALUE;
    else if (byte == (object ? '}' : ']'))
        leave(reader);
    else
        return object ? "\",\" or \"}\" is expected" : "\",\" or \"]\" is expected";
    return NULL;
}

/* Takes a byte outside strings and words. Returns what is wrong, or NULL. */
static const char *step(struct json_reader *reader, char byte)
{
    switch ((enum state)reader->state) {
    case VALUE:
    case FIRST_ITEM:
        return start_value(reader, byte);
    case FIRST_KEY:
    case NEXT_KEY:
        return start_key(reader, byte);
    case COLON:
        reader->state = VALUE;
        return byte == ':' ? NULL : "\":\" is expected";
    case AFTER_VALUE:
        return after_value(reader, byte);
    case DONE:
        return "nothing may follow the value";
    case IN_KEY:
    case IN_STRING:
    case IN_WORD:
    case FAILED:
        break;
    }
    return "it has a fault already";
}

static void skip_space(struct json_reader *reader, char byte)
{
    reader->position++;
    if (byte != '\n')
        return;
    reader->line++;
    reader->line_start = reader->position;
    reader->line_extra = 0;
}

int json_reader_feed(struct json_reader *reader, const char *bytes, size_t length,
    struct json_fault *fault, struct error **err)
{
    for (size_t at = 0; at < length;) {
        bool expects_value = reader->state == VALUE || reader->state == FIRST_ITEM;
        if (expects_value && is_word_byte(bytes[at]))
            reader->state = IN_WORD;
        if (reader->state == IN_KEY || reader->state == IN_STRING || reader->state == IN_WORD) {
            size_t done = reader->state == IN_WORD ? read_word(reader, bytes + at, length - at)
                                                   : read_string(reader, bytes + at, length - at);
            at += done;
            reader->position += done;
        } else if (is_space(bytes[at])) {
            skip_space(reader, bytes[at++]);
        } else {
            reader->position++;
            const char *wrong = step(reader, bytes[at++]);
            if (wrong != NULL)
                return fail(reader, wrong, fault, err);
        }
    }
    return 0;
}

int json_reader_end(struct json_reader *reader, struct json_fault *fault, struct error **err)
{
    if (reader->state == IN_WORD && reader->depth == 0)
        tell_word(reader, reader->pending, reader->pending_length);
    if (reader->state == DONE)
        return 0;
    return fail(reader, "the text ends too early", fault, err);
}

static void count_value(void *user, const struct json_token *token)
{
    size_t *count = user;
    *count += token->kind != JSON_TOKEN_KEY && token->kind != JSON_TOKEN_END;
}

size_t json_read_count(const char *text, size_t length)
{
    struct json_reader reader;
    size_t count = 0;
    json_reader_init(&reader, count_value, &count);
    if (json_reader_feed(&reader, text, length, NULL, NULL) == 0)
        json_reader_end(&reader, NULL, NULL);
    json_reader_clear(&reader);
    return count;
}
