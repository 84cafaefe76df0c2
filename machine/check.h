/* The check of a VMI against the table of fields. */
#ifndef MACHINE_CHECK_H
#define MACHINE_CHECK_H

#include <jansson.h>

#include "base/finding.h"

/* A field outside the table (machine/fields.h) is an error that names the nearest known one, as is
 * a value of the wrong kind or range. null is no value, as in Kubernetes. Findings' pointers are
 * relative to the VMI. metadata and status are not looked at. */
void machine_check(const json_t *vmi, struct findings *findings);

#endif
