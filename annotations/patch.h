/* The difference between two JSON values as a JSON Patch (RFC 6902). */
#ifndef ANNOTATIONS_PATCH_H
#define ANNOTATIONS_PATCH_H

#include <jansson.h>

/* Returns the JSON Patch that turns from into to, with the operations add, replace and remove; []
 * if they are equal. Array items with a name are matched by name and mountPath. New reference,
 * which shares values with to. */
json_t *annotations_patch(const json_t *from, const json_t *to);

#endif
