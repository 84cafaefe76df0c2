/* The tags of YAML's values. For base/yaml*.c only. */
#ifndef BASE_YAML_TAG_H
#define BASE_YAML_TAG_H

#include <jansson.h>
#include <stdbool.h>
#include <yaml.h>

/* The type that a tag names, for YAML's own types without the prefix; NULL: there is no tag.
 * Borrowed from tag, or static. */
const char *yaml_tag_type(const yaml_char_t *tag);

/* A tag in its usual form, with the handle !! for YAML's own types. Owned by the caller. */
char *yaml_tag_shown(const yaml_char_t *tag);

/* Whether a plain scalar's value is of the type that a tag names. */
bool yaml_tag_fits(const json_t *value, const char *type);

#endif
