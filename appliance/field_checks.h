/* The checks of the fields in appliance/fields.table.c. */
#ifndef APPLIANCE_FIELD_CHECKS_H
#define APPLIANCE_FIELD_CHECKS_H

#include "base/schema.h"

/* A quantity: a string or a whole number that is not negative. The API server does not take
 * fractions without quotes. A schema_field_check. */
bool appliance_field_check_quantity(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* Whether a value stands for one that parameters give: "${{KEY}}", or, where a string may be, text
 * with "${KEY}". */
bool appliance_field_stands_in(const json_t *value, bool text);

#endif
