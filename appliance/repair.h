/* Repairs what is unambiguously wrong with a VM boilerplate. */
#ifndef APPLIANCE_REPAIR_H
#define APPLIANCE_REPAIR_H

#include <jansson.h>

#include "base/finding.h"

/* Changes vm in place: run strategies in another letter case and "Running"; names of fields with
 * one nearest known name; file systems that are in the wrong place, with their claim as a volume.
 * Adds a warning for each repair, at the pointer before it. */
void appliance_repair(json_t *vm, struct findings *findings);

#endif
