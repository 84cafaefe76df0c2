/* The objects that a subcommand of appliance works on: those of the files of -f, or those of a
 * cluster, which are read as they are wanted. */
#ifndef CLI_APPLIANCE_SET_H
#define CLI_APPLIANCE_SET_H

#include "appliance/objects.h"
#include "cli/files.h"

/* Reads what the objects want from a cluster. Returns 1 if that was something, 0 if they want
 * nothing, -1 with an error. */
typedef int cli_appliance_read(void *user, struct appliance_objects *objects, struct error **err);

/* Zeroed is empty, with files only. */
struct cli_appliance_set {
    struct cli_files files;
    struct appliance_objects objects;
    cli_appliance_read *read; /* NULL: all objects are in files */
    void *user;
    int rounds; /* how often it was read */
};

/* Adds the objects of the files of -f. What cannot be read goes to the report. */
void cli_appliance_set_load(struct cli_appliance_set *set, const struct cli_arguments *arguments,
    struct cli_report *report);

/* The DataSource of that name: NAMESPACE/NAME; in files also NAME, and NULL for the only one.
 * Borrowed; NULL with an error. */
const struct appliance_object *cli_appliance_set_choose(
    struct cli_appliance_set *set, const char *name, struct error **err);

enum { CLI_APPLIANCE_ROUNDS_MAX = 64 };

/* Reads what was looked for in vain. Returns 1 if there may be more to find now, so that it is to be
 * tried again; 0 if not; -1 with an error, also after CLI_APPLIANCE_ROUNDS_MAX rounds. */
int cli_appliance_set_read(struct cli_appliance_set *set, struct error **err);

void cli_appliance_set_clear(struct cli_appliance_set *set);

#endif
