/* Members of a JSON object that a person wrote: found in any letter case, as KubeVirt's Go
 * decoder finds them, and held against the names that are known. */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/finding.h"

/* The member name of object. A name in other letter case is taken with a warning; a second
 * member for the same name is an error. pointer is that of object. Returns the value, borrowed,
 * or NULL when there is none or when it is null. */
json_t *field_take(
    const json_t *object, const char *name, const char *pointer, struct findings *findings);

/* Adds a warning, or an error when strict, for every member of object whose name, letter case
 * aside, is none of the count known ones, with the nearest of them. */
void field_check_unknown(const json_t *object, const char *const *known, size_t count,
    const char *pointer, bool strict, struct findings *findings);

#endif
