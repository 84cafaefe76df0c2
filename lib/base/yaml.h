/* YAML 1.1 and JSON manifests as jansson values, with the place of every value kept.
 *
 * Scalars resolve as Kubernetes resolves them (sigs.k8s.io/yaml): plain true/false/yes/no/on/off
 * and y/n are booleans, plain numbers are numbers (0x, 0o, 0b and 0 octal ones too), plain null, ~
 * and nothing are null, everything quoted is a string, and so are dates. Aliases and merge keys
 * (<<) are expanded. Keys are scalars; an integer or boolean as a key is made a string.
 *
 * Refused: duplicate keys, numbers that JSON does not have (.nan, .inf) and integers beyond 64
 * bits, zero bytes in strings, tags of other types than JSON's. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* A place in a file; line and column count from 1, column in characters. line 0 means unknown. */
struct yaml_place {
    size_t line;
    size_t column;
};

/* One document of a stream. */
struct yaml_document {
    json_t *root; /* owned */
    struct yaml_places *places; /* owned; opaque */
};

/* The documents of one stream; empty documents are left out. */
struct yaml_stream {
    struct yaml_document *documents; /* owned */
    size_t count;
    char *text; /* owned; what the places of the documents refer to */
};

enum { YAML_MAX_DEPTH = 100, YAML_MAX_VALUES = 1000000 };

/* Parses all documents in text, which is YAML, or JSON when its first character that is no space
 * is { or [. name is what errors call it (a file name). Refused with an input error that says
 * name and place (name:line:column): anything ill-formed, nesting over YAML_MAX_DEPTH,
 * more than YAML_MAX_VALUES values after aliases are expanded (a billion laughs), text that is no
 * UTF-8.
 * Returns 0 with *out owned by the caller, or -1. */
int yaml_parse(
    const char *name, const char *text, size_t length, struct yaml_stream *out, struct error **err);
void yaml_stream_clear(struct yaml_stream *stream);

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

/* The value as YAML text in block style, keys in their order. Owned by the caller; NULL with an
 * internal error only. */
char *yaml_dump(const json_t *value, struct error **err);

#endif
