/* A place in a text, by line and column, and a cursor that finds it. */
#ifndef BASE_YAML_CURSOR_H
#define BASE_YAML_CURSOR_H

#include <stddef.h>

/* A place in a file; line and column count from 1, column in characters. line 0 means unknown. */
struct yaml_place {
    size_t line;
    size_t column;
};

/* A position in well-formed UTF-8 text that keeps count of characters and lines. */
struct yaml_cursor {
    const char *text; /* borrowed */
    size_t length;
    size_t byte; /* bytes before the position */
    size_t character; /* characters before it */
    struct yaml_place place;
};

void yaml_cursor_init(struct yaml_cursor *cursor, const char *text, size_t length);

/* Advances by one character, unless at the end of the text. */
void yaml_cursor_advance(struct yaml_cursor *cursor);

/* Move to the position after that many characters, or bytes. */
void yaml_cursor_seek(struct yaml_cursor *cursor, size_t character);
void yaml_cursor_seek_byte(struct yaml_cursor *cursor, size_t byte);

#endif
