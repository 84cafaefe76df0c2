/* YAML 1.1 and JSON manifests as jansson values, with the place of every value.
 *
 * Scalars resolve as Kubernetes resolves them (sigs.k8s.io/yaml): plain true/false/yes/no/on/off
 * and y/n are booleans, plain numbers are numbers (0x, 0o, 0b and 0 octal ones too), plain null, ~
 * and empty scalars are null, quoted scalars and dates are strings. Aliases and merge keys (<<) are
 * expanded. Keys must be scalars; an integer or boolean key becomes a string.
 *
 * Rejected: duplicate keys, numbers that JSON does not have (.nan, .inf), integers beyond 64 bits,
 * zero bytes in strings, and tags of types other than JSON's. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stddef.h>

#include "base/error.h"
#include "base/yaml_place.h"

/* The documents of one stream; empty documents are left out. */
struct yaml_stream {
    struct yaml_document *documents; /* owned */
    size_t count;
    char *text; /* owned; the places of the documents refer to it */
};

/* Parses all documents in text: JSON if the first character other than white space is { or [, else
 * YAML. name, such as a file name, identifies the text in errors. Fails with an input error that
 * says name and place (name:line:column) for ill-formed text, nesting over YAML_MAX_DEPTH, more
 * than YAML_MAX_VALUES values after aliases are expanded (a billion laughs; the limits are in
 * base/yaml_read.h), and text that is not UTF-8.
 * Returns 0 with *out owned by the caller, or -1. */
int yaml_parse(
    const char *name, const char *text, size_t length, struct yaml_stream *out, struct error **err);
void yaml_stream_clear(struct yaml_stream *stream);

#endif
