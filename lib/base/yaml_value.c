#include "base/yaml_value.h"

#include <string.h>

#include "base/yaml_read.h"

/* Sets the error that there is a second document, which has been read. */
static void refuse_second(
    const struct yaml_reader *reader, struct json_fault *fault, struct error **err)
{
    struct yaml_cursor cursor;
    yaml_cursor_init(&cursor, reader->cursor.text, reader->cursor.length);
    yaml_cursor_seek(&cursor, reader->document.index);
    *fault = (struct json_fault){
        .line = cursor.place.line, .column = cursor.place.column, .byte = cursor.byte};
    error_set(err, ERROR_INPUT, "a second document begins here: only one is allowed");
}

static json_t *read_yaml(struct yaml_reader *reader, struct json_fault *fault, struct error **err)
{
    auto_json json_t *value = NULL;
    int more = 1;
    while (more > 0) {
        struct yaml_places *places = NULL; /* a plain reader makes none */
        auto_json json_t *root = NULL;
        more = yaml_reader_document(reader, &root, &places, err);
        if (more < 0) {
            *fault = reader->fault;
            return NULL;
        }
        if (root != NULL && value != NULL) {
            refuse_second(reader, fault, err);
            return NULL;
        }
        if (root != NULL)
            value = steal(&root);
    }
    if (value == NULL)
        error_set(err, ERROR_INPUT, "is empty");
    return steal(&value);
}

json_t *yaml_value_read(
    const char *text, size_t length, size_t max_depth, struct json_fault *fault, struct error **err)
{
    struct yaml_reader reader;
    size_t first = strspn(text, " \t\r\n");
    *fault = (struct json_fault){0};
    /* what begins like JSON may be YAML in flow style; JSON alone has surrogate pairs */
    json_t *value =
        text[first] == '{' || text[first] == '[' ? json_parse(text, length, max_depth, NULL) : NULL;
    if (value != NULL)
        return value;
    yaml_reader_init(&reader, NULL, text, text, length);
    reader.plain = true;
    reader.max_depth = max_depth;
    value = read_yaml(&reader, fault, err);
    yaml_reader_clear(&reader);
    return value;
}
