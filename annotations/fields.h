/* What the annotation's fields are: one table behind the parser's checks and its "did you mean",
 * `hookctl explain` and `hookctl schema`. */
#ifndef ANNOTATIONS_FIELDS_H
#define ANNOTATIONS_FIELDS_H

#include "base/schema.h"

/* A sidecar: an entry of the annotation. Each field has its type, rule, help and example; one that
 * is not required has a fallback. An unknown one is a warning, as KubeVirt ignores it. */
extern const struct schema annotations_schema;

#endif
