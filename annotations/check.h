/* What JSON of the right shape means: names, paths, amounts and versions, checked and put into
 * the sidecar model. */
#ifndef ANNOTATIONS_CHECK_H
#define ANNOTATIONS_CHECK_H

#include <jansson.h>

#include "annotations/parse.h"
#include "annotations/sidecar.h"

/* Fills *sidecar, which is zero, from what annotations_shape_check gave for the entry at pointer,
 * and adds all that is wrong with it. A part that is wrong may stay empty. */
void annotations_check_sidecar(const json_t *shaped, const char *pointer,
    const struct annotations_options *options, struct annotations_sidecar *sidecar,
    struct findings *findings);

#endif
