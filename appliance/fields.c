#include "appliance/fields.h"

#include <string.h>
#include <strings.h>

#include "appliance/field_checks.h"
#include "base/text.h"

enum { MOST_PLACES = 2 }; /* that a message lists of a name which stands elsewhere */

/* File systems are the only devices that people put beside the volumes. */
static const char of_filesystems[] =
    "is not a field here; filesystems stand in spec.template.spec.domain.devices.filesystems as "
    "{name, virtiofs: {}}, and their claim in spec.template.spec.volumes";

/* Whether one name is the beginning of the other, in any letter case: as "disk" of "disks". */
static bool is_same_word(const char *a, const char *b)
{
    size_t length = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return strncasecmp(a, b, length) == 0;
}

/* What to say of a name that is known elsewhere. */
static char *say_misplaced(const struct schema *schema, const char *key, const char *nearest)
{
    const char *places[MOST_PLACES];
    size_t count = 0;
    if (nearest != NULL && is_same_word(key, nearest))
        return NULL;
    if (strcasecmp(key, "filesystems") == 0)
        return xstrdup(of_filesystems);
    for (const struct schema_field *field = schema->fields; field->path != NULL; field++) {
        if (strcasecmp(schema_name(field), key) != 0)
            continue;
        if (count == ARRAY_SIZE(places))
            return NULL;
        places[count++] = field->path;
    }
    if (count == 0)
        return NULL;
    auto_free char *list = text_list(places, count);
    return xasprintf("is not a field here; it stands in %s", list);
}

const struct schema appliance_vm_schema = {
    .fields = appliance_vm_fields,
    .after = appliance_vm_fields_after,
    .misplaced = say_misplaced,
    .stands_in = appliance_field_stands_in,
};
