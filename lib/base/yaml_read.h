/* One YAML stream, read from libyaml's events into jansson values and their places. For
 * base/yaml*.c only. */
#ifndef BASE_YAML_READ_H
#define BASE_YAML_READ_H

#include <jansson.h>
#include <stddef.h>
#include <yaml.h>

#include "base/error.h"
#include "base/yaml_cursor.h"
#include "base/yaml_node.h"

enum { YAML_MAX_DEPTH = 100, YAML_MAX_VALUES = 1000000 };

struct yaml_anchor;

/* The state of reading one stream. */
struct yaml_reader {
    const char *name; /* what errors call the text */
    yaml_parser_t parser;
    struct yaml_cursor cursor;
    struct yaml_places *places; /* of the document that is being read; borrowed */
    struct yaml_anchor *anchors; /* of that document; owned */
    size_t values; /* so far, in all documents */
    size_t bytes; /* of strings, so far */
    size_t copied; /* how many of them through aliases */
};

/* Begins to read input; places and errors refer to text, in which the same stands at the same
 * bytes. Both are borrowed until reader_clear, and text by the places. */
void yaml_reader_init(struct yaml_reader *reader, const char *name, const char *text,
    const char *input, size_t length);
void yaml_reader_clear(struct yaml_reader *reader);

/* Reads the next document. Returns 1 with *root and *places (also when it fails, as far as it
 * came), 0 at the end of the stream, -1 on failure. An empty document has no root. */
int yaml_reader_document(
    struct yaml_reader *reader, json_t **root, struct yaml_places **places, struct error **err);

#endif
