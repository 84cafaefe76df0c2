/* One document of YAML or JSON inside other text, such as an annotation, as a value alone: its
 * places are found when they are needed (yaml_place_inside). */
#ifndef BASE_YAML_VALUE_H
#define BASE_YAML_VALUE_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

/* Reads text, which is UTF-8, by the rules of base/yaml.h; anchors, aliases and merge keys are
 * errors, and so are no document, several ones, and nesting over max_depth. Returns a new reference,
 * or NULL with an input error, and its place in *fault (line 0: unknown). */
json_t *yaml_value_read(const char *text, size_t length, size_t max_depth, struct json_fault *fault,
    struct error **err);

#endif
