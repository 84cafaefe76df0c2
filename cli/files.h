/* The files that a person gives with -f, parsed. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "base/yaml.h"
#include "cli/command.h"
#include "cli/report.h"

enum { CLI_FILE_MAX_BYTES = 16 << 20 };

struct cli_file {
    char *name; /* as messages call it; owned */
    struct yaml_stream stream;
};

/* In the order given. Zeroed is empty. */
struct cli_files {
    struct cli_file *items; /* owned; their names and documents stay where they are */
    size_t count;
};

/* Adds a file, standard input (path "-"), or the *.yaml, *.yml and *.json files directly in a
 * directory, sorted by name and without hidden ones. What cannot be read goes to the report, and the
 * rest is still loaded. */
void cli_files_load(struct cli_files *files, const char *path, struct cli_report *report);

bool cli_files_is_directory(const char *path);

/* The option that names files, for the tables of subcommands. */
#define CLI_FILENAME_ROW                                                                           \
    {                                                                                              \
        "filename", OPTION_TEXTS, offsetof(struct cli_options, filenames), 'f',                    \
            .argument = "FILE|DIR|-", .is_path = true, .dash_is_stdin = true,                      \
            .help = "a manifest, a directory of manifests (*.yaml, *.yml,\n"                       \
                    "*.json; not recursive), or - for standard input"                              \
    }

void cli_files_clear(struct cli_files *files);

#endif
