#include "annotations/names.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool annotations_name_is_dns_subdomain(const char *name)
{
    if (strlen(name) > ANNOTATIONS_NAME_MAX)
        return false;
    for (;;) {
        size_t length = strspn(name, LOWER DIGITS "-");
        if (length == 0 || name[0] == '-' || name[length - 1] == '-')
            return false;
        if (name[length] == '\0')
            return true;
        if (name[length] != '.')
            return false;
        name += length + 1;
    }
}

/* Whether name could be read as the directory or its parent. */
static bool is_dots(const char *name)
{
    return streq(name, ".") || text_starts_with(name, "..");
}

bool annotations_name_is_config_map_key(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= ANNOTATIONS_NAME_MAX && !is_dots(name) &&
           strspn(name, LOWER UPPER DIGITS "-._") == length;
}

bool annotations_name_is_env(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && strchr(DIGITS, name[0]) == NULL && !is_dots(name) &&
           strspn(name, LOWER UPPER DIGITS "-._") == length;
}

bool annotations_name_is_reserved_env(const char *name)
{
    static const char *const reserved[] = {"CONTAINER_NAME", "NETWORK_BINDING_PLUGIN_NAME",
        "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"};
    return text_index(name, reserved, ARRAY_SIZE(reserved)) >= 0;
}
