/* Checks what a sidecar of the right form (annotations/fields.h) says as a whole, and against the
 * policy, and turns it into the sidecar model. */
#ifndef ANNOTATIONS_CHECK_H
#define ANNOTATIONS_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/sidecar.h"
#include "base/finding.h"
#include "hostpath/policy.h"

/* How an annotation is checked. */
struct annotations_options {
    bool strict; /* unknown fields are errors */
    const struct hostpath_policy *policy; /* NULL: no policy */
    const char *namespace; /* for the policy; NULL: "default" */
};

/* Fills *sidecar, which must be zero, from shaped, the result of schema_check for the entry at
 * pointer, and adds everything wrong with it to the findings, of which those of schema_check are
 * the items from index first on. An invalid part may stay empty. The sidecar keeps a reference to
 * shaped. */
void annotations_check_sidecar(json_t *shaped, const char *pointer,
    const struct annotations_options *options, struct annotations_sidecar *sidecar,
    struct findings *findings, size_t first);

#endif
