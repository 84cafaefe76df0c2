/* Command-line flags of a pod's containers. */
#ifndef ANNOTATIONS_FLAG_H
#define ANNOTATIONS_FLAG_H

#include <jansson.h>
#include <stddef.h>

#include "annotations/draft.h"

/* The argument after a flag ("--flag", "value" or "--flag=value") among a container's args and
 * its command, or NULL. Borrowed. */
const char *annotations_flag_get(const json_t *container, const char *flag);

/* Sets a flag where it stands, and else at the end of args. The container is the draft's copy. */
void annotations_flag_set(
    struct annotations_draft *draft, json_t *container, const char *flag, size_t value);

#endif
