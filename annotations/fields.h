/* The fields of the annotation: one table for the parser's checks and its "did you mean", `hookctl
 * explain` and `hookctl schema`. */
#ifndef ANNOTATIONS_FIELDS_H
#define ANNOTATIONS_FIELDS_H

#include "base/schema.h"

/* A sidecar: one entry of the annotation. Each field has a type, rule, help and example, and a
 * fallback unless it is required. An unknown field is a warning, because KubeVirt ignores it. */
extern const struct schema annotations_schema;

#endif
