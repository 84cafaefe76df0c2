#include "cli/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utstring.h>

#include "base/json.h"
#include "base/text.h"

static const char *metadata_string(const json_t *value, const char *key, const char *otherwise)
{
    const char *text = json_get_string(json_object_get(value, "metadata"), key);
    return text != NULL && text[0] != '\0' ? text : otherwise;
}

static void add_object(struct cli_manifest *manifest, const char *file,
    const struct yaml_document *document, const char *pointer, const json_t *value,
    enum cli_kind kind)
{
    manifest->objects =
        xreallocarray(manifest->objects, manifest->count + 1, sizeof(*manifest->objects));
    manifest->objects[manifest->count++] = (struct cli_object){
        .kind = kind,
        .file = file,
        .document = document,
        .pointer = xstrdup(pointer),
        .value = value,
        .namespace = metadata_string(value, "namespace", "default"),
        .name = metadata_string(value, "name", metadata_string(value, "generateName", "")),
    };
}

/* Adds the object at pointer, or the items of a List. Recurses no deeper than the document,
 * YAML_MAX_DEPTH. */
static void add_objects(struct cli_manifest *manifest, const char *file,
    const struct yaml_document *document, const char *pointer, const json_t *value,
    const char *default_kind)
{
    enum cli_kind kind = CLI_VMI;
    if (cli_kind_of(value, default_kind, &kind)) {
        add_object(manifest, file, document, pointer, value, kind);
        return;
    }
    const char *name = json_get_string(value, "kind");
    const json_t *items = json_object_get(value, "items");
    if (name == NULL || !text_ends_with(name, "List") || !json_is_array(items))
        return;
    /* the items of a typed list, as the API server sends it, need not name their kind */
    auto_free char *item_kind = xstrndup(name, strlen(name) - strlen("List"));
    auto_free char *items_pointer = json_pointer_join(pointer, "items");
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach (items, index, item) {
        auto_free char *item_pointer = json_pointer_index(items_pointer, index);
        add_objects(manifest, file, document, item_pointer, item, item_kind);
    }
}

/* Adds the objects of the files from index first on. */
static void add_files(struct cli_manifest *manifest, size_t first)
{
    for (size_t i = first; i < manifest->files.count; i++) {
        const struct cli_file *file = &manifest->files.items[i];
        for (size_t k = 0; k < file->stream.count; k++) {
            const struct yaml_document *document = &file->stream.documents[k];
            machine_known_add(&manifest->known, file->name, document);
            if (json_is_array(document->root))
                add_object(manifest, file->name, document, "", document->root, CLI_ANNOTATION);
            else
                add_objects(manifest, file->name, document, "", document->root, NULL);
        }
    }
}

static void warn_of_nothing(const char *path, struct cli_report *report)
{
    const struct cli_report_place place = {.file = streq(path, "-") ? "<stdin>" : path};
    cli_report_add(report, FINDING_WARNING, ERROR_INPUT, &place,
        "nothing to check here: no VirtualMachineInstance, VirtualMachine, "
        "VirtualMachineInstanceReplicaSet, VirtualMachinePool or Pod%s",
        cli_files_is_directory(path) ? " in its *.yaml, *.yml and *.json files"
                                     : ", and no array of sidecars");
}

void cli_manifest_load(struct cli_manifest *manifest, const char *path, struct cli_report *report)
{
    size_t first = manifest->count + manifest->known.count;
    size_t errors = report->errors;
    size_t first_file = manifest->files.count;
    cli_files_load(&manifest->files, path, report);
    add_files(manifest, first_file);
    if (errors == report->errors && manifest->count + manifest->known.count == first)
        warn_of_nothing(path, report);
}

/* Whether there is something, but nothing that can have sidecars. */
static bool has_nothing_to_check(const struct cli_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++) {
        if (cli_kind_has_sidecars(manifest->objects[i].kind))
            return false;
    }
    return manifest->count + manifest->known.count > 0;
}

int cli_manifest_load_given(struct cli_manifest *manifest, const struct cli_arguments *arguments,
    struct cli_report *report, struct error **err)
{
    const struct cli_options *options = arguments->options;
    if (options->filenames.count == 0) {
        if (arguments->stdin_option != NULL)
            return error_set(err, ERROR_USAGE,
                "no manifest: give one with -f, because --%s reads standard input",
                arguments->stdin_option);
        if (isatty(STDIN_FILENO))
            return error_set(
                err, ERROR_USAGE, "no manifest: give one with -f or on standard input");
        cli_manifest_load(manifest, "-", report);
    }
    for (size_t i = 0; i < options->filenames.count; i++)
        cli_manifest_load(manifest, options->filenames.items[i], report);
    if (report->errors == 0 && has_nothing_to_check(manifest))
        warn_of_nothing(
            manifest->count > 0 ? manifest->objects[0].file : manifest->files.items[0].name,
            report);
    return 0;
}

const struct cli_object *cli_manifest_find(const struct cli_manifest *manifest, enum cli_kind kind,
    const char *namespace, const char *name)
{
    for (size_t i = 0; i < manifest->count; i++) {
        const struct cli_object *object = &manifest->objects[i];
        if (object->kind == kind && streq(object->namespace, namespace) &&
            streq(object->name, name))
            return object;
    }
    return NULL;
}

static bool is_called(const struct cli_object *object, const char *name)
{
    auto_free char *full_name = xasprintf("%s/%s", object->namespace, object->name);
    return name == NULL || streq(name, object->name) || streq(name, full_name);
}

const struct cli_object *cli_manifest_choose(const struct cli_manifest *manifest,
    bool (*is_wanted)(enum cli_kind kind), const char *name, const char *what, struct error **err)
{
    const struct cli_object *chosen = NULL;
    size_t count = 0;
    UT_string list;
    utstring_init(&list);
    for (size_t i = 0; i < manifest->count; i++) {
        const struct cli_object *object = &manifest->objects[i];
        if (!is_wanted(object->kind) || !is_called(object, name))
            continue;
        utstring_printf(&list, "%s%s %s/%s", count > 0 ? ", " : "", cli_kind_name(object->kind),
            object->namespace, object->name);
        chosen = object;
        count++;
    }
    if (count == 0)
        error_set(err, ERROR_INPUT, "there is no %s%s%s", what, name != NULL ? " called " : "",
            text_or(name, ""));
    if (count > 1)
        error_set(err, ERROR_USAGE, "there is more than one %s: choose with --name (%s)", what,
            utstring_body(&list));
    utstring_done(&list);
    return count == 1 ? chosen : NULL;
}

void cli_manifest_clear(struct cli_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++)
        free(manifest->objects[i].pointer);
    free(manifest->objects);
    machine_known_clear(&manifest->known);
    cli_files_clear(&manifest->files);
    *manifest = (struct cli_manifest){0};
}
