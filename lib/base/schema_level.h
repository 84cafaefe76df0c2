/* The rows of a table of fields that are below one object, for walks through long tables. */
#ifndef BASE_SCHEMA_LEVEL_H
#define BASE_SCHEMA_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/schema_field.h"

struct schema_level {
    const struct schema_field *first;
    const struct schema_field *end;
    size_t offset; /* of the part of a path that is below the object */
    bool open;
};

/* The rows below a row, and those of the whole object. */
struct schema_level schema_level_below(
    const struct schema *schema, const struct schema_field *parent);
struct schema_level schema_level_of_root(const struct schema *schema);

/* Whether field, unless it is the end of the table, is below parent. */
bool schema_level_has(const struct schema_field *field, const struct schema_field *parent);

/* The row after row; where the table tells, the first one that is not below it. */
const struct schema_field *schema_level_next(
    const struct schema *schema, const struct schema_field *row);

/* The name of a row as a member of the level's object; NULL if the row is further below. */
const char *schema_level_name(const struct schema_level *level, const struct schema_field *row);

/* How many rows schema_level_next goes through. */
size_t schema_level_count(const struct schema *schema, const struct schema_level *level);

/* The row of the member key, and its number among those; or NULL. */
const struct schema_field *schema_level_find(
    const struct schema *schema, const struct schema_level *level, const char *key, size_t *number);

#endif
