/* Checks objects that people write against a table of the fields that they may have. One walk finds
 * every fault; the same table is behind its "did you mean" and the documentation. */
#ifndef BASE_SCHEMA_H
#define BASE_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"
#include "base/schema_field.h"
#include "base/schema_table.h"

/* Checks the object at pointer and adds everything wrong with it, in the object's order; missing
 * required fields come last. Returns a new reference to its valid part: an object with the table's
 * names in the table's order, without nulls and other absent values, with whole-number quantities
 * as strings. Array items keep their places: an invalid one becomes "" or {}. Returns NULL if value
 * is not an object. */
json_t *schema_check(const struct schema *schema, const json_t *value, const char *pointer,
    struct findings *findings);

/* The same without the valid part, which takes time. Returns whether value is an object. */
bool schema_find_faults(const struct schema *schema, const json_t *value, const char *pointer,
    struct findings *findings);

/* Adds the error that text violates the rule of its field. Returns false, for use in checks. */
bool schema_invalid(const struct schema_field *field, const char *text, const char *pointer,
    struct findings *findings);

#endif
