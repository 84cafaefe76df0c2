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

#include <stddef.h>

#include "base/error.h"
#include "base/yaml_place.h"

/* The documents of one stream; empty documents are left out. */
struct yaml_stream {
    struct yaml_document *documents; /* owned */
    size_t count;
    char *text; /* owned; what the places of the documents refer to */
};

/* Parses all documents in text, which is YAML, or JSON when its first character that is no space
 * is { or [. name is what errors call it (a file name). Refused with an input error that says
 * name and place (name:line:column): anything ill-formed, nesting over YAML_MAX_DEPTH,
 * more than YAML_MAX_VALUES values after aliases are expanded (a billion laughs; the limits are in
 * base/yaml_read.h), text that is no UTF-8.
 * Returns 0 with *out owned by the caller, or -1. */
int yaml_parse(
    const char *name, const char *text, size_t length, struct yaml_stream *out, struct error **err);
void yaml_stream_clear(struct yaml_stream *stream);

#endif
