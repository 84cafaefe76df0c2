#include "base/yaml_tag.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { SHOWN_TEXT = 60 }; /* bytes of a tag that a message repeats */

static const char tag_prefix[] = "tag:yaml.org,2002:";

const char *yaml_tag_type(const yaml_char_t *tag)
{
    if (tag == NULL)
        return NULL;
    const char *text = (const char *)tag;
    if (streq(text, "!"))
        return "str";
    return text_starts_with(text, tag_prefix) ? text + strlen(tag_prefix) : text;
}

char *yaml_tag_shown(const yaml_char_t *tag)
{
    const char *text = (const char *)tag;
    bool is_own = text_starts_with(text, tag_prefix);
    const char *name = is_own ? text + strlen(tag_prefix) : text;
    auto_free char *shown = text_printable(name, strlen(name), SHOWN_TEXT);
    return xasprintf("%s%s", is_own ? "!!" : "", shown);
}

bool yaml_tag_fits(const json_t *value, const char *type)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        return streq(type, "null");
    case JSON_TRUE:
    case JSON_FALSE:
        return streq(type, "bool");
    case JSON_INTEGER:
        return streq(type, "int") || streq(type, "float");
    case JSON_REAL:
        return streq(type, "float");
    default:
        return false;
    }
}
