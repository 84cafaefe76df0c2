/* Reads one YAML stream from libyaml's events into jansson values and their places. For
 * base/yaml*.c only. */
#ifndef BASE_YAML_READ_H
#define BASE_YAML_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/error.h"
#include "base/json.h"
#include "base/yaml_cursor.h"
#include "base/yaml_node.h"

enum { YAML_MAX_DEPTH = 100, YAML_MAX_VALUES = 1000000 };

struct yaml_anchor;

/* The state of reading one stream. */
struct yaml_reader {
    const char *name; /* of the text, in errors; NULL: they do not say the place, fault does */
    size_t max_depth;
    bool plain; /* anchors, aliases and merge keys are errors, and no places are recorded */
    struct json_fault fault; /* the place of the error */
    yaml_mark_t document; /* where the current one begins */
    yaml_parser_t parser;
    struct yaml_cursor cursor;
    struct yaml_places *places; /* of the current document; borrowed */
    struct yaml_anchor *anchors; /* of the current document; owned */
    size_t values; /* so far, in all documents */
    size_t bytes; /* of strings, so far */
    size_t copied; /* how many of these through aliases */
};

/* Begins to read input. Places and errors refer to text, which has the same content at the same
 * offsets. Both are borrowed until yaml_reader_clear; the places borrow text, too. */
void yaml_reader_init(struct yaml_reader *reader, const char *name, const char *text,
    const char *input, size_t length);
void yaml_reader_clear(struct yaml_reader *reader);

/* Reads the next document. Returns 1 with *root and *places, 0 at the end of the stream, or -1 with
 * an error and in *places what was read so far. An empty document has no root, and of a plain
 * reader there are no places. */
int yaml_reader_document(
    struct yaml_reader *reader, json_t **root, struct yaml_places **places, struct error **err);

#endif
