#include "base/schema_level.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* Whether field, unless it is the end of the table, is below parent, whose path has this length. */
static bool is_below(
    const struct schema_field *field, const struct schema_field *parent, size_t length)
{
    return field->path != NULL && strncmp(field->path, parent->path, length) == 0 &&
           (field->path[length] == '.' || field->path[length] == '[');
}

bool schema_level_has(const struct schema_field *field, const struct schema_field *parent)
{
    return is_below(field, parent, strlen(parent->path));
}

const struct schema_field *schema_level_next(
    const struct schema *schema, const struct schema_field *row)
{
    return schema->after != NULL ? schema->fields + schema->after[row - schema->fields] : row + 1;
}

struct schema_level schema_level_below(
    const struct schema *schema, const struct schema_field *parent)
{
    size_t length = strlen(parent->path);
    struct schema_level level = {.first = parent + 1, .end = parent + 1, .open = parent->open};
    level.offset = length + strlen(parent->kind == SCHEMA_OBJECTS ? "[]." : ".");
    if (schema->after != NULL)
        level.end = schema_level_next(schema, parent);
    while (schema->after == NULL && is_below(level.end, parent, length))
        level.end++;
    return level;
}

struct schema_level schema_level_of_root(const struct schema *schema)
{
    struct schema_level level = {.first = schema->fields, .end = schema->fields};
    while (level.end->path != NULL)
        level.end = schema_level_next(schema, level.end);
    return level;
}

const char *schema_level_name(const struct schema_level *level, const struct schema_field *row)
{
    const char *name = row->path + level->offset;
    return strchr(name, '.') == NULL ? name : NULL;
}

/* Whether key is name, ignoring letter case. Most keys differ in the first letter. */
static bool is_name(const char *key, const char *name)
{
    return tolower((unsigned char)key[0]) == tolower((unsigned char)name[0]) &&
           strcasecmp(key, name) == 0;
}

size_t schema_level_count(const struct schema *schema, const struct schema_level *level)
{
    size_t count = 0;
    const struct schema_field *row = level->first;
    for (; row < level->end; row = schema_level_next(schema, row))
        count++;
    return count;
}

const struct schema_field *schema_level_find(
    const struct schema *schema, const struct schema_level *level, const char *key, size_t *number)
{
    const struct schema_field *row = level->first;
    for (*number = 0; row < level->end; row = schema_level_next(schema, row), ++*number) {
        const char *name = row->path + level->offset;
        if (schema->any_case ? !is_name(key, name) : name[0] != key[0] || !streq(key, name))
            continue;
        if (strchr(name, '.') == NULL)
            return row;
    }
    return NULL;
}
