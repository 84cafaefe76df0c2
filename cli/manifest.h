/* Manifests: the files that a person gives with -f, and the objects in them that have to do with
 * hook sidecars, or to which a VirtualMachine refers for its instance type or preference. Objects of
 * other kinds are skipped; a List counts as its items. */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include "cli/command.h"
#include "cli/files.h"
#include "cli/object.h"
#include "cli/report.h"
#include "machine/known.h"

/* Everything that was loaded, in the order given. Zeroed is empty. */
struct cli_manifest {
    struct cli_files files;
    struct cli_object *objects; /* owned */
    size_t count;
    struct machine_known known; /* what a VirtualMachine may refer to */
};

/* Adds the objects of a file, of standard input (path "-"), or of the *.yaml, *.yml and *.json
 * files directly in a directory, sorted by name and without hidden ones. Files that cannot be read
 * go to the report, and the rest is still loaded; a path without any such object gets a warning.
 * Pointers to objects are valid until the next load. */
void cli_manifest_load(struct cli_manifest *manifest, const char *path, struct cli_report *report);

/* Loads what the flag names or, without it, standard input. Returns 0, or -1 with a usage error
 * when standard input is a terminal or another flag reads it. */
int cli_manifest_load_given(struct cli_manifest *manifest, const struct cli_arguments *arguments,
    struct cli_report *report, struct error **err);

/* The object of a kind, namespace and name, or NULL. Borrowed. */
const struct cli_object *cli_manifest_find(const struct cli_manifest *manifest, enum cli_kind kind,
    const char *namespace, const char *name);

/* The only object of a kind that is_wanted with this name: NAME, NAMESPACE/NAME, or NULL for any.
 * what is the noun for it in errors. Borrowed; NULL with an input error when there is none, or a
 * usage error that lists them when there are several. */
const struct cli_object *cli_manifest_choose(const struct cli_manifest *manifest,
    bool (*is_wanted)(enum cli_kind kind), const char *name, const char *what, struct error **err);

void cli_manifest_clear(struct cli_manifest *manifest);

#endif
