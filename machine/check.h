/* The check of a VMI against the table of fields. */
#ifndef MACHINE_CHECK_H
#define MACHINE_CHECK_H

#include <jansson.h>

#include "base/finding.h"

/* Adds an error for each field that is not in the table (machine/fields.h), with the nearest known
 * name, and for each value of the wrong kind or range. null means that a field is absent, as in
 * Kubernetes. Pointers of findings are relative to the VMI. metadata and status are not checked. */
void machine_check(const json_t *vmi, struct findings *findings);

#endif
