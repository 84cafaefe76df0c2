/* The difference of two JSON values as a JSON patch (RFC 6902). */
#ifndef ANNOTATIONS_PATCH_H
#define ANNOTATIONS_PATCH_H

#include <jansson.h>

/* The RFC 6902 patch (add, replace, remove, each on what those before it left) that turns from
 * into to; [] when they are equal. Array items that have a name are told apart by it, and by
 * their mountPath. New reference, which shares values with to. */
json_t *annotations_patch(const json_t *from, const json_t *to);

#endif
