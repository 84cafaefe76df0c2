/* The annotation's fields as a JSON Schema. */
#ifndef ANNOTATIONS_SCHEMA_H
#define ANNOTATIONS_SCHEMA_H

#include <jansson.h>

/* Returns the JSON Schema (draft 2020-12) of the annotation's value, generated from
 * annotations_schema. New reference. */
json_t *annotations_json_schema(void);

#endif
