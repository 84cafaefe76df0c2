#include "base/schema_table.h"

#include <string.h>

#include "base/schema_level.h"
#include "base/text.h"

const struct schema_field *schema_find(const struct schema *schema, const char *path)
{
    for (const struct schema_field *field = schema->fields; field->path != NULL; field++) {
        if (streq(field->path, path))
            return field;
    }
    return NULL;
}

const char *schema_name(const struct schema_field *field)
{
    const char *dot = strrchr(field->path, '.');
    return dot != NULL ? dot + 1 : field->path;
}

const struct schema_field *schema_child(
    const struct schema *schema, const struct schema_field *parent)
{
    if (parent == NULL)
        return schema->fields->path != NULL ? schema->fields : NULL;
    return schema_level_has(parent + 1, parent) ? parent + 1 : NULL;
}

const struct schema_field *schema_next(const struct schema_field *field)
{
    size_t length = (size_t)(schema_name(field) - field->path);
    for (const struct schema_field *next = field + 1; next->path != NULL; next++) {
        if (strncmp(next->path, field->path, length) != 0)
            return NULL;
        if ((size_t)(schema_name(next) - next->path) == length)
            return next;
    }
    return NULL;
}
