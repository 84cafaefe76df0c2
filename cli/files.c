#include "cli/files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

static void load_file(struct cli_files *files, const char *path, struct cli_report *report)
{
    struct error *error = NULL;
    auto_free char *text = NULL;
    size_t length = 0;
    auto_free char *name = xstrdup(streq(path, "-") ? "<stdin>" : path);
    report->files++;
    struct cli_file file = {0};
    if (file_read(path, CLI_FILE_MAX_BYTES, &text, &length, &error) < 0 ||
        yaml_parse(name, text, length, &file.stream, &error) < 0) {
        cli_report_add_unreadable(report, name, error);
        return;
    }
    file.name = steal(&name);
    files->items = xreallocarray(files->items, files->count + 1, sizeof(*files->items));
    files->items[files->count++] = file;
}

static int is_manifest_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (text_ends_with(entry->d_name, ".yaml") || text_ends_with(entry->d_name, ".yml") ||
               text_ends_with(entry->d_name, ".json"));
}

/* By bytes, so that the order is the same in every locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_directory(struct cli_files *files, const char *path, struct cli_report *report)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_manifest_name, compare_names);
    if (count < 0) {
        struct error *error = NULL;
        error_set_errno(&error, "reading the directory %s", path);
        cli_report_add_unreadable(report, path, error);
        return;
    }
    for (int i = 0; i < count; i++) {
        auto_free char *file = file_join(path, entries[i]->d_name);
        struct stat status;
        if (stat(file, &status) < 0 || !S_ISDIR(status.st_mode))
            load_file(files, file, report);
        free(entries[i]);
    }
    free(entries);
}

bool cli_files_is_directory(const char *path)
{
    struct stat status;
    return !streq(path, "-") && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void cli_files_load(struct cli_files *files, const char *path, struct cli_report *report)
{
    if (cli_files_is_directory(path))
        load_directory(files, path, report);
    else
        load_file(files, path, report);
}

void cli_files_clear(struct cli_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].name);
        yaml_stream_clear(&files->items[i].stream);
    }
    free(files->items);
    *files = (struct cli_files){0};
}
