#include "base/yaml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_cursor.h"
#include "base/yaml_node.h"
#include "base/yaml_read.h"

static void add_document(struct yaml_stream *stream, json_t *root, struct yaml_places *places)
{
    stream->documents =
        xreallocarray(stream->documents, stream->count + 1, sizeof(*stream->documents));
    stream->documents[stream->count++] = (struct yaml_document){.root = root, .places = places};
}

static int parse_yaml(const char *name, size_t length, struct yaml_stream *out, struct error **err)
{
    struct yaml_reader reader;
    yaml_reader_init(&reader, name, out->text, out->text, length);
    int more = 1;
    while (more > 0) {
        json_t *root = NULL;
        struct yaml_places *places = NULL;
        more = yaml_reader_document(&reader, &root, &places, err);
        if (root != NULL)
            add_document(out, root, places);
        else
            yaml_places_free(places);
    }
    yaml_reader_clear(&reader);
    return more;
}

static int parse_json(const char *name, size_t length, struct yaml_stream *out, struct error **err)
{
    struct json_fault fault;
    json_t *root = json_parse_placed(out->text, length, YAML_MAX_DEPTH, &fault, err);
    if (root == NULL && fault.line > 0)
        return error_wrap(err, "%s:%zu:%zu", name, fault.line, fault.column);
    if (root == NULL)
        return error_wrap(err, "%s", name);
    add_document(out, root, yaml_places_read(out->text, length));
    return 0;
}

static int check_utf8(const char *name, const char *text, size_t length, struct error **err)
{
    size_t bad_at = 0;
    if (text_is_utf8(text, length, &bad_at))
        return 0;
    struct yaml_cursor cursor;
    yaml_cursor_init(&cursor, text, length);
    yaml_cursor_seek_byte(&cursor, bad_at);
    return error_set(err, ERROR_INPUT, "%s:%zu:%zu: not UTF-8 text: byte 0x%02x", name,
        cursor.place.line, cursor.place.column, (unsigned char)text[bad_at]);
}

int yaml_parse(
    const char *name, const char *text, size_t length, struct yaml_stream *out, struct error **err)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    *out = (struct yaml_stream){0};
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    if (check_utf8(name, text, length, err) < 0)
        return -1;
    out->text = xmalloc(length + 1);
    memcpy(out->text, text, length);
    out->text[length] = '\0';
    size_t first = strspn(out->text, " \t\r\n");
    bool is_json = out->text[first] == '{' || out->text[first] == '[';
    if ((is_json ? parse_json : parse_yaml)(name, length, out, err) < 0) {
        yaml_stream_clear(out);
        return -1;
    }
    return 0;
}

void yaml_stream_clear(struct yaml_stream *stream)
{
    for (size_t i = 0; i < stream->count; i++) {
        json_decref(stream->documents[i].root);
        yaml_places_free(stream->documents[i].places);
    }
    free(stream->documents);
    free(stream->text);
    *stream = (struct yaml_stream){0};
}
