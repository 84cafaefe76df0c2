/* Kubernetes quantities, as fields of a table and as text. */
#ifndef MACHINE_QUANTITY_H
#define MACHINE_QUANTITY_H

#include <jansson.h>

#include "base/schema.h"

/* A check of a table's field: the value is a quantity that is not negative. */
bool machine_quantity_check(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* A whole number as a quantity, in the form of like: with a binary suffix (Mi), a decimal one (M)
 * or an exponent (e6). Owned by the caller.
 * Source: Kubernetes, the canonical form of a Quantity. */
char *machine_quantity_write(long long number, const json_t *like);

#endif
