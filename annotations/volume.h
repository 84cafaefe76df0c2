/* The volumes of a launcher pod. */
#ifndef ANNOTATIONS_VOLUME_H
#define ANNOTATIONS_VOLUME_H

#include <jansson.h>

#include "annotations/draft.h"

/* The volume with a source (source is what stands under kind: {"name": …} under "configMap"),
 * added when the pod has none. It is called name, unless that is no DNS label or another volume
 * has it: then a name that derives from it. It is put before the volume called before, where that
 * is not NULL and there is one. Returns the volume's name, borrowed from the draft. */
const char *annotations_volume_require(struct annotations_draft *draft, const char *name,
    const char *kind, json_t *take_source, const char *before);

#endif
