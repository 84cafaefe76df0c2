/* What a plain scalar means: null, a boolean, a number or a string. For base/yaml*.c only. */
#ifndef BASE_YAML_SCALAR_H
#define BASE_YAML_SCALAR_H

#include <jansson.h>

#include "base/error.h"

/* The value of a plain scalar, resolved as sigs.k8s.io/yaml resolves it. A new reference; NULL with
 * an input error if JSON has no such value: not-a-number, infinity, and integers that do not fit in
 * 64 bits with a sign. */
json_t *yaml_scalar_resolve(const char *text, struct error **err);

#endif
