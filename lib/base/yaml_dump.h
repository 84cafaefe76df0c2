/* Writes JSON as YAML that every reader reads back as the same JSON. */
#ifndef BASE_YAML_DUMP_H
#define BASE_YAML_DUMP_H

#include <jansson.h>

#include "base/error.h"

/* The value as YAML text in block style, keys in order. Owned by the caller; NULL with an internal
 * error only. */
char *yaml_dump(const json_t *value, struct error **err);

#endif
