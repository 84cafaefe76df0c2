/* The places of a document's values, also of those within strings that are themselves JSON. */
#ifndef BASE_YAML_PLACE_H
#define BASE_YAML_PLACE_H

#include <jansson.h>
#include <stddef.h>

#include "base/yaml_cursor.h"

/* One document of a stream. */
struct yaml_document {
    json_t *root; /* owned */
    struct yaml_places *places; /* owned; opaque */
};

/* The place of the value at a JSON Pointer in the document; the nearest place above it that is
 * known when that one is not. */
struct yaml_place yaml_place_of(const struct yaml_document *document, const char *pointer);

/* The place of a value inside a string of the document that is itself JSON: pointer names the
 * string, inner_pointer the value within its JSON. It works through every scalar style (quoted,
 * folded, literal); where the inner place cannot be told, the place of the string itself. */
struct yaml_place yaml_place_inside(
    const struct yaml_document *document, const char *pointer, const char *inner_pointer);

/* The place of a byte of a string of the document; byte counts those before it in the string's
 * value. The place of the string itself where that cannot be told. */
struct yaml_place yaml_place_of_byte(
    const struct yaml_document *document, const char *pointer, size_t byte);

/* The places of the values in text, as far as it is one YAML document: reading stops at the first
 * fault. Owned by the caller. */
struct yaml_places *yaml_places_read(const char *text, size_t length);

#endif
