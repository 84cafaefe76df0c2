#include "appliance/disk_source.h"

#include <string.h>

#include "base/text.h"

json_t *appliance_disk_source_parse(const char *text, struct error **err)
{
    static const char *const kinds[] = {"pvc", "snapshot", "dataSource"};
    auto_free char *words = xstrdup(text);
    char *rest = words;
    const char *kind = strsep(&rest, "/");
    const char *namespace = strsep(&rest, "/");
    const char *name = strsep(&rest, "/");
    if (text_index(kind, kinds, ARRAY_SIZE(kinds)) >= 0 && name != NULL && name[0] != '\0' &&
        namespace[0] != '\0' && rest == NULL)
        return json_pack("{s:{s:s, s:s}}", kind, "name", name, "namespace", namespace);
    auto_free char *shown = text_printable(text, strlen(text), 120);
    error_set(err, ERROR_INPUT,
        "--source: must be pvc, snapshot or dataSource with /NAMESPACE/NAME, not \"%s\"", shown);
    return NULL;
}
