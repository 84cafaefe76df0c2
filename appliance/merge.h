/* A VM that a user wrote, merged over a completion. */
#ifndef APPLIANCE_MERGE_H
#define APPLIANCE_MERGE_H

#include <jansson.h>

/* A VM with the fields of both: the user's win; lists of objects with names (volumes, disks,
 * networks, …) merge by name, the completion's order first; other lists are the user's. New
 * reference. */
json_t *appliance_merge(const json_t *user, const json_t *completed);

#endif
