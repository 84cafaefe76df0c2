#include "cli/appliance/set.h"

#include <string.h>

#include "base/text.h"

void cli_appliance_set_load(
    struct cli_appliance_set *set, const struct cli_arguments *arguments, struct cli_report *report)
{
    const struct cli_options *options = arguments->options;
    for (size_t i = 0; i < options->filenames.count; i++)
        cli_files_load(&set->files, options->filenames.items[i], report);
    for (size_t i = 0; i < set->files.count; i++) {
        const struct cli_file *file = &set->files.items[i];
        for (size_t k = 0; k < file->stream.count; k++)
            appliance_objects_add(&set->objects, file->name, &file->stream.documents[k]);
    }
}

/* The one of a cluster. */
static const struct appliance_object *choose_read(
    struct cli_appliance_set *set, const char *name, struct error **err)
{
    const char *slash = name != NULL ? strchr(name, '/') : NULL;
    if (slash == NULL || slash == name || slash[1] == '\0' || strchr(slash + 1, '/') != NULL) {
        error_set(err, ERROR_USAGE, "%s%snot NAMESPACE/NAME of a DataSource", text_or(name, ""),
            name != NULL ? ": " : "");
        return NULL;
    }
    auto_free char *namespace = xstrndup(name, (size_t)(slash - name));
    const struct appliance_object *found =
        appliance_objects_find(&set->objects, APPLIANCE_DATA_SOURCE, namespace, slash + 1);
    if (found == NULL && set->read(set->user, &set->objects, err) < 0)
        return NULL;
    found = appliance_objects_find(&set->objects, APPLIANCE_DATA_SOURCE, namespace, slash + 1);
    if (found != NULL)
        return found;
    const char *why =
        appliance_objects_why_absent(&set->objects, APPLIANCE_DATA_SOURCE, namespace, slash + 1);
    error_set(err, why != NULL ? ERROR_POLICY : ERROR_INPUT, "DataSource %s: %s", name,
        text_or(why, "there is none in the cluster"));
    return NULL;
}

const struct appliance_object *cli_appliance_set_choose(
    struct cli_appliance_set *set, const char *name, struct error **err)
{
    return set->read != NULL
               ? choose_read(set, name, err)
               : appliance_objects_choose(&set->objects, APPLIANCE_DATA_SOURCE, name, err);
}

int cli_appliance_set_read(struct cli_appliance_set *set, struct error **err)
{
    if (set->read == NULL)
        return 0;
    if (++set->rounds > CLI_APPLIANCE_ROUNDS_MAX)
        return error_set(err, ERROR_INPUT,
            "its objects refer to each other more than %d times over", CLI_APPLIANCE_ROUNDS_MAX);
    return set->read(set->user, &set->objects, err);
}

void cli_appliance_set_clear(struct cli_appliance_set *set)
{
    appliance_objects_clear(&set->objects);
    cli_files_clear(&set->files);
}
