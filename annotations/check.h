/* What a sidecar of the right form (annotations/fields.h) means: what its fields say together and
 * what the policy says of them, and the sidecar model that it becomes. */
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
    const struct hostpath_policy *policy; /* or NULL: no policy */
    const char *namespace; /* for the policy; NULL: "default" */
};

/* Fills *sidecar, which is zero, from what schema_check gave for the entry at pointer, and adds all
 * that is wrong with it. A part that is wrong may stay empty. */
void annotations_check_sidecar(const json_t *shaped, const char *pointer,
    const struct annotations_options *options, struct annotations_sidecar *sidecar,
    struct findings *findings);

#endif
