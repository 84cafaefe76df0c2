/* The volumes of a launcher pod. */
#ifndef ANNOTATIONS_VOLUME_H
#define ANNOTATIONS_VOLUME_H

#include <jansson.h>

#include "annotations/draft.h"

/* Finds the volume with this name and source, or adds it. source is the value of the member kind:
 * {"name": …} of "configMap". If name is not a DNS label or belongs to another volume, a name
 * derived from it is used. before: as in annotations_draft_insert. Within one draft, the same name
 * and kind must mean the same source. Returns the volume's name, borrowed from the draft; NULL with
 * an error about the pod if other volumes have all the names that are tried. */
const char *annotations_volume_require(struct annotations_draft *draft, const char *name,
    const char *kind, json_t *take_source, const char *before);

#endif
