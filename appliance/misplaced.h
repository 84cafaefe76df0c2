/* File systems of a VM boilerplate that stand where KubeVirt has none. */
#ifndef APPLIANCE_MISPLACED_H
#define APPLIANCE_MISPLACED_H

#include <jansson.h>

#include "base/schema.h"

/* JSON Pointers of the places where people put them; NULL at the end. */
extern const char *const appliance_misplaced_places[];

/* What an item may have there: its name, virtiofs, and its claim, as a volume has it, or by its
 * claimName alone. */
extern const struct schema appliance_misplaced_schema;

/* Checks the items in those places, which the walk of the fields does not reach. */
void appliance_misplaced_check(const json_t *vm, struct findings *findings);

#endif
