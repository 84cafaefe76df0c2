/* The way through a table of fields. */
#ifndef BASE_SCHEMA_TABLE_H
#define BASE_SCHEMA_TABLE_H

#include "base/schema_field.h"

/* Returns the field with this path ("hostPath.type"), or NULL. Borrowed from the table, like those
 * below. */
const struct schema_field *schema_find(const struct schema *schema, const char *path);

/* The direct fields of a parent, in the order of the table: the first one (of the whole object if
 * parent is NULL), and the one after field; NULL if there is none. */
const struct schema_field *schema_child(
    const struct schema *schema, const struct schema_field *parent);
const struct schema_field *schema_next(const struct schema_field *field);

/* Returns the last part of a field's path: "type" of "hostPath.type". Borrowed. */
const char *schema_name(const struct schema_field *field);

#endif
