/* Whether JSON has the members and types that the field table gives a sidecar. */
#ifndef ANNOTATIONS_SHAPE_H
#define ANNOTATIONS_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/fields.h"
#include "base/finding.h"

/* Checks one entry of the annotation, at pointer, against a table of fields (annotations_fields is
 * that of a sidecar; another one ends as that does): members in any letter case, types,
 * enumerations, ranges and required fields; strict makes unknown fields errors.
 * Returns a new reference to what is right of it: an object with the table's names, without
 * nulls, empty strings and empty arrays, quantities as strings; "hostPath" stands there as it was
 * given. Items of arrays keep their places. NULL when value is no object. */
json_t *annotations_shape_check(const struct annotations_field *fields, const json_t *value,
    const char *pointer, bool strict, struct findings *findings);

#endif
