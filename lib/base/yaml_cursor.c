#include "base/yaml_cursor.h"

#include <stdbool.h>

void yaml_cursor_init(struct yaml_cursor *cursor, const char *text, size_t length)
{
    *cursor = (struct yaml_cursor){.text = text, .length = length, .place = {1, 1}};
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

void yaml_cursor_advance(struct yaml_cursor *cursor)
{
    if (cursor->byte == cursor->length)
        return;
    if (cursor->text[cursor->byte] == '\n') {
        cursor->place.line++;
        cursor->place.column = 1;
    } else {
        cursor->place.column++;
    }
    cursor->character++;
    do
        cursor->byte++;
    while (cursor->byte < cursor->length && is_continuation(cursor->text[cursor->byte]));
}

void yaml_cursor_seek(struct yaml_cursor *cursor, size_t character)
{
    if (character < cursor->character)
        yaml_cursor_init(cursor, cursor->text, cursor->length);
    while (cursor->character < character && cursor->byte < cursor->length)
        yaml_cursor_advance(cursor);
}

void yaml_cursor_seek_byte(struct yaml_cursor *cursor, size_t byte)
{
    if (byte < cursor->byte)
        yaml_cursor_init(cursor, cursor->text, cursor->length);
    while (cursor->byte < byte && cursor->byte < cursor->length)
        yaml_cursor_advance(cursor);
}
