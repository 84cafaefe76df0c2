#include "machine/catalogue.h"

#include <string.h>

#include "base/text.h"
#include "base/yaml.h"

json_t *machine_catalogue_find(const struct machine_catalogue_entry *entries, const char *name)
{
    while (entries->name != NULL && !streq(entries->name, name))
        entries++;
    if (entries->name == NULL)
        return NULL;
    struct yaml_stream stream = {0};
    if (yaml_parse(name, entries->spec, strlen(entries->spec), &stream, NULL) < 0)
        return NULL;
    json_t *object = json_pack("{s:O}", "spec", stream.documents[0].root);
    yaml_stream_clear(&stream);
    return object;
}
