/* Maps each byte of a scalar's value to its place in the file. For base/yaml*.c only. */
#ifndef BASE_YAML_ALIGN_H
#define BASE_YAML_ALIGN_H

#include <stddef.h>
#include <yaml.h>

#include "base/yaml_cursor.h"

/* Returns the place in the file of each of the length bytes of value, and of its end. raw is at the beginning of
 * the scalar (its anchor and tag included) and its text ends with it. White space, which YAML
 * folds, has the place where the text before it ends. Owned by the caller; NULL if scalar and value
 * do not match. */
struct yaml_place *yaml_scalar_align(
    struct yaml_cursor raw, yaml_scalar_style_t style, const char *value, size_t length);

#endif
