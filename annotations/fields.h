/* What the annotation's fields are: one table behind the parser's checks and its "did you mean",
 * `hookctl explain` and `hookctl schema`. */
#ifndef ANNOTATIONS_FIELDS_H
#define ANNOTATIONS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* The JSON form of a field's value. */
enum annotations_field_kind {
    ANNOTATIONS_STRING,
    ANNOTATIONS_STRINGS, /* array of strings */
    ANNOTATIONS_INTEGER,
    ANNOTATIONS_BOOLEAN,
    ANNOTATIONS_QUANTITY, /* string or whole number, as Kubernetes writes amounts */
    ANNOTATIONS_OBJECT, /* with the fields below its path */
    ANNOTATIONS_OBJECTS, /* array of such objects */
};

struct annotations_field {
    const char *path; /* "hostPath.type"; array items as "env[].name" */
    enum annotations_field_kind kind;
    bool required; /* when the object it stands in is there */
    bool ours; /* KubeVirt does not know it */
    const char *const *values; /* the only strings allowed, ended by NULL; or NULL */
    const char *pattern; /* what a string (or each of an array) matches, ECMA-262; or NULL */
    int minimum; /* of an integer */
    int maximum; /* of an integer; of a string in bytes, 0: no limit of its own */
    const char *type; /* kind in words: "string", "integer", "array of strings", … */
    const char *fallback; /* the default in words, or NULL */
    const char *rule; /* what is allowed, one sentence */
    const char *help; /* what it is for, a sentence or three */
    const char *example; /* a JSON fragment that is valid in its place */
};

/* All fields, parents before children; behind the last one is one whose path is NULL. Static. */
const struct annotations_field *annotations_fields(size_t *count);

/* The field of a path ("hostPath.type"), or NULL. Static. */
const struct annotations_field *annotations_field_find(const char *path);

/* The direct fields of a parent, in the order of the table: the first (of a sidecar when parent
 * is NULL), and the one after field; NULL when there is none. Static. */
const struct annotations_field *annotations_field_child(const struct annotations_field *parent);
const struct annotations_field *annotations_field_next(const struct annotations_field *field);

/* The last part of a field's path: "type" of "hostPath.type". Borrowed. */
const char *annotations_field_name(const struct annotations_field *field);

#endif
