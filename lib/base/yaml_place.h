/* The places of a document's values, including those within strings that are themselves JSON or
 * YAML. */
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

/* The place of the value at a JSON Pointer in the document, or of its nearest ancestor with a known
 * place. */
struct yaml_place yaml_place_of(const struct yaml_document *document, const char *pointer);

/* The place of a value inside a string of the document that is itself JSON or YAML: pointer names
 * the string, inner_pointer the value within it. Works for every scalar style (quoted, folded,
 * literal). If the inner place is unknown, returns the place of the string itself. */
struct yaml_place yaml_place_inside(
    const struct yaml_document *document, const char *pointer, const char *inner_pointer);

/* The place of a byte of a string of the document; byte is its offset in the string's value. If it
 * is unknown, the place of the string itself. */
struct yaml_place yaml_place_of_byte(
    const struct yaml_document *document, const char *pointer, size_t byte);

/* The places of the values in text, one YAML document; reading stops at the first fault. Owned by
 * the caller. */
struct yaml_places *yaml_places_read(const char *text, size_t length);

#endif
