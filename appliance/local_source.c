#include "appliance/local_source.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

static const char *const suffixes[] = {".qcow2", ".img", ".raw"};

char *appliance_local_source_given(struct appliance_local_sources *sources,
    const char *const *names, size_t count, const char *pointer, struct findings *findings)
{
    size_t given = sources->given != NULL ? sources->given->count : 0;
    if (sources->used == NULL)
        sources->used = xcalloc(given + 1, sizeof(*sources->used));
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < given; k++) {
            const struct pair *pair = &sources->given->items[k];
            if (!streq(pair->name, names[i]))
                continue;
            sources->used[k] = true;
            char *path = realpath(pair->value, NULL);
            auto_free char *shown = text_printable(pair->value, strlen(pair->value), PATH_MAX);
            if (path == NULL)
                findings_error(findings, pointer, "its source %s (--source %s): %s", shown,
                    pair->name, strerror(errno));
            return path;
        }
    }
    return NULL;
}

char *appliance_local_source_beside(
    const struct appliance_local_sources *sources, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && sources->beside != NULL; i++) {
        if (names[i][0] == '\0' || names[i][0] == '.' || strchr(names[i], '/') != NULL)
            continue;
        for (size_t k = 0; k < ARRAY_SIZE(suffixes); k++) {
            auto_free char *name = xasprintf("%s%s", names[i], suffixes[k]);
            auto_free char *path = file_join(sources->beside, name);
            struct stat status;
            if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
                return realpath(path, NULL);
        }
    }
    return NULL;
}

void appliance_local_sources_check(
    const struct appliance_local_sources *sources, struct findings *findings)
{
    size_t given = sources->given != NULL ? sources->given->count : 0;
    for (size_t i = 0; i < given; i++) {
        const char *name = sources->given->items[i].name;
        if (sources->used != NULL && sources->used[i])
            continue;
        auto_free char *shown = text_printable(name, strlen(name), NAME_MAX);
        findings_error(findings, "",
            "--source names \"%s\", which is neither a volume of the VM nor what one is made from",
            shown);
    }
}

void appliance_local_sources_clear(struct appliance_local_sources *sources)
{
    free(sources->used);
    *sources = (struct appliance_local_sources){0};
}
