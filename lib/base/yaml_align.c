#include "base/yaml_align.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char blanks[] = " \t\r\n";

static bool is_blank(char byte)
{
    return byte != '\0' && strchr(blanks, byte) != NULL;
}

static bool at_end(const struct yaml_cursor *raw)
{
    return raw->byte == raw->length;
}

/* The byte that many bytes ahead of the position; zero past the end. */
static char peek(const struct yaml_cursor *raw, size_t ahead)
{
    return raw->length - raw->byte > ahead ? raw->text[raw->byte + ahead] : '\0';
}

static void advance_by(struct yaml_cursor *raw, size_t characters)
{
    for (size_t i = 0; i < characters; i++)
        yaml_cursor_advance(raw);
}

/* Moves to the first character that is in set. */
static void skip_until(struct yaml_cursor *raw, const char *set)
{
    while (!at_end(raw) && strchr(set, peek(raw, 0)) == NULL)
        yaml_cursor_advance(raw);
}

static void skip_blanks(struct yaml_cursor *raw)
{
    while (!at_end(raw) && is_blank(peek(raw, 0)))
        yaml_cursor_advance(raw);
}

/* Whether a \u escape sequence is the first half of a surrogate pair, with which JSON writes a
 * character beyond U+FFFF. */
static bool is_high_surrogate(const struct yaml_cursor *raw)
{
    char second = peek(raw, 3);
    return (peek(raw, 2) == 'd' || peek(raw, 2) == 'D') && second != '\0' &&
           strchr("89abAB", second) != NULL;
}

/* The length in characters of the escape sequence at the position, a surrogate pair being one. */
static size_t escape_length(const struct yaml_cursor *raw)
{
    switch (peek(raw, 1)) {
    case 'x':
        return 2 + 2;
    case 'u':
        return is_high_surrogate(raw) ? 2 * (2 + 4) : 2 + 4;
    case 'U':
        return 2 + 8;
    default:
        return 2;
    }
}

/* Whether the escape sequence at the position means white space, or nothing at all: an escaped
 * line break. */
static bool is_blank_escape(const struct yaml_cursor *raw)
{
    char digits[9] = "";
    size_t count = escape_length(raw) - 2;
    if (count == 0)
        return is_blank(peek(raw, 1)) || (peek(raw, 1) != '\0' && strchr("tnr", peek(raw, 1)));
    if (count >= sizeof(digits) || raw->length - raw->byte < 2 + count)
        return false;
    memcpy(digits, raw->text + raw->byte + 2, count);
    unsigned long code = strtoul(digits, NULL, 16);
    return code < 0x80 && is_blank((char)code);
}

/* Skips the anchor and tag, and the quote or block header that opens the scalar. */
static void skip_opening(struct yaml_cursor *raw, yaml_scalar_style_t style)
{
    while (peek(raw, 0) == '&' || peek(raw, 0) == '!') {
        skip_until(raw, blanks);
        skip_blanks(raw);
        while (peek(raw, 0) == '#') {
            skip_until(raw, "\n");
            skip_blanks(raw);
        }
    }
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
        skip_until(raw, "\n");
    else if (style != YAML_PLAIN_SCALAR_STYLE)
        yaml_cursor_advance(raw);
}

/* Skips the source of the character at value, which is not white space. Returns whether the two
 * match; an escape sequence is not decoded. */
static bool skip_character(struct yaml_cursor *raw, yaml_scalar_style_t style, const char *value)
{
    if (style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && peek(raw, 0) == '\\') {
        advance_by(raw, escape_length(raw));
        return true;
    }
    if (peek(raw, 0) != *value)
        return false;
    bool doubled = style == YAML_SINGLE_QUOTED_SCALAR_STYLE && *value == '\'';
    advance_by(raw, doubled ? 2 : 1);
    return true;
}

struct yaml_place *yaml_scalar_align(
    struct yaml_cursor raw, yaml_scalar_style_t style, const char *value, size_t length)
{
    bool escapes = style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    auto_free struct yaml_place *where = xcalloc(length + 1, sizeof(*where));
    skip_opening(&raw, style);
    for (size_t i = 0; i < length;) {
        struct yaml_cursor character = {.text = value, .length = length, .byte = i};
        yaml_cursor_advance(&character);
        if (!is_blank(value[i])) {
            for (skip_blanks(&raw); escapes && peek(&raw, 0) == '\\' && is_blank_escape(&raw);
                 skip_blanks(&raw))
                advance_by(&raw, escape_length(&raw));
        }
        struct yaml_place place = raw.place;
        if (!is_blank(value[i]) && !skip_character(&raw, style, value + i))
            return NULL;
        while (i < character.byte)
            where[i++] = place;
    }
    where[length] = raw.place;
    return steal(&where);
}
