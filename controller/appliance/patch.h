/* The patch that completes a VM. */
#ifndef CONTROLLER_APPLIANCE_PATCH_H
#define CONTROLLER_APPLIANCE_PATCH_H

#include <jansson.h>

/* The JSON Patch (RFC 6902) that gives object the members of completed that differ: those of its
 * metadata each alone, since others are the API server's, and all else whole. New reference. */
json_t *controller_appliance_patch(const json_t *object, const json_t *completed);

/* The JSON Patch that removes the annotation key. New reference. */
json_t *controller_appliance_unpatch(const char *key);

#endif
