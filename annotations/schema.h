/* What the annotation's fields are: one table behind the parser's "did you mean", `hookctl
 * explain` and `hookctl schema`. */
#ifndef ANNOTATIONS_SCHEMA_H
#define ANNOTATIONS_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct annotations_field {
    const char *path; /* "hostPath.type"; array items as "env[].name" */
    const char *type; /* "string", "integer", "boolean", "array of strings", "object", … */
    bool required; /* when the object it stands in is there */
    bool ours; /* KubeVirt does not know it */
    const char *fallback; /* the default in words, or NULL */
    const char *rule; /* what is allowed, one sentence */
    const char *help; /* what it is for, a sentence or three */
    const char *example; /* a JSON fragment that is valid in its place */
};

/* All fields, parents before children. Static. */
const struct annotations_field *annotations_fields(size_t *count);

/* The field of a path ("hostPath.type"), or NULL. Static. */
const struct annotations_field *annotations_field_find(const char *path);

/* The JSON Schema (draft 2020-12) of the annotation's value, made from the fields. New
 * reference. */
json_t *annotations_json_schema(void);

#endif
