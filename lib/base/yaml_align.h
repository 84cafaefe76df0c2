/* A scalar as it stands in the file, and the string it means: which byte came from where. For
 * base/yaml*.c only. */
#ifndef BASE_YAML_ALIGN_H
#define BASE_YAML_ALIGN_H

#include <stddef.h>
#include <yaml.h>

#include "base/yaml_cursor.h"

/* The place in the file of each of the length bytes of value; raw stands at the beginning of the
 * scalar (its anchor and tag included) and ends with it. White space, which YAML folds, has the
 * place of what stands before it. Owned by the caller; NULL when the two do not match. */
struct yaml_place *yaml_scalar_align(
    struct yaml_cursor raw, yaml_scalar_style_t style, const char *value, size_t length);

#endif
