/* Command-line flags of a pod's containers. */
#ifndef ANNOTATIONS_FLAG_H
#define ANNOTATIONS_FLAG_H

#include <jansson.h>
#include <stddef.h>

#include "annotations/draft.h"

/* Returns the value of a flag ("--flag", "value" or "--flag=value") in a container's args or
 * command: "" if the value is missing, NULL if the flag is. Borrowed. */
const char *annotations_flag_get(const json_t *container, const char *flag);

/* Sets a flag in its place, or appends it to args. The container must be the draft's copy. */
void annotations_flag_set(
    struct annotations_draft *draft, json_t *container, const char *flag, size_t value);

#endif
