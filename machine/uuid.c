#include "machine/uuid.h"

#include <string.h>
#include <uuid/uuid.h>

#include "base/memory.h"
#include "base/text.h"
#include "machine/value.h"

/* The namespace in which KubeVirt derives the UUID of a machine from its name. */
#define UUID_NAMESPACE "6a1a24a1-4061-4607-8bf4-a3963d0c5895"

char *machine_uuid(const json_t *vmi)
{
    const char *given = machine_string(vmi, "/spec/domain/firmware/uuid");
    if (given != NULL)
        return xstrdup(given);
    const char *name = text_or(machine_string(vmi, "/metadata/name"), "");
    uuid_t namespace;
    uuid_t uuid;
    uuid_parse(UUID_NAMESPACE, namespace);
    uuid_generate_sha1(uuid, namespace, name, strlen(name));
    char text[UUID_STR_LEN];
    uuid_unparse_lower(uuid, text);
    return xstrdup(text);
}
