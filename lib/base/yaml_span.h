/* Where values are in the text of a YAML document, to replace them there. */
#ifndef BASE_YAML_SPAN_H
#define BASE_YAML_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/yaml_place.h"

/* The bytes [from, to) of the text: a value, its anchor and tag included. */
struct yaml_span {
    size_t from;
    size_t to; /* of a mapping or sequence, from: only where it begins is known */
};

/* Finds the value at a JSON Pointer in the document's text. Returns false if none is written for
 * it: there is no such value, or an alias or merge key repeats one from elsewhere. */
bool yaml_span_of(const struct yaml_document *document, const char *pointer, struct yaml_span *out);

#endif
