/* The virtual machine whose hooks are run: its object in the manifests, its sidecars, and its
 * rendered pod. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include <jansson.h>

#include "annotations/sidecar.h"
#include "cli/command.h"
#include "cli/expansion.h"
#include "cli/manifest.h"

/* Everything is owned except object, which is that of the expansion. Zeroed is empty. Not to be
 * copied. */
struct cli_machine {
    struct cli_manifest manifest;
    struct cli_expansion expansion; /* of the object in the manifest */
    const struct cli_object *object;
    struct annotations_list *list;
    json_t *vmi;
    json_t *pod; /* a minimal launcher pod with the sidecars in it */
};

/* Loads the manifests of -f and renders the only machine in them, or the one called name (NULL:
 * any). annotation_key is the only annotation to read, or NULL. Faults of manifests and annotation
 * go to the report. Returns 0, or -1 with an error, which is not set when the report has the
 * errors. */
int cli_machine_load(struct cli_machine *machine, const struct cli_arguments *arguments,
    const char *name, const char *annotation_key, struct cli_report *report, struct error **err);

/* The container of the sidecar at an index of the list. Borrowed. */
const json_t *cli_machine_container(const struct cli_machine *machine, size_t index);

/* The names of those containers, machine->list->count of them. Array owned by the caller, names
 * borrowed. */
const char **cli_machine_sidecar_names(const struct cli_machine *machine);

void cli_machine_clear(struct cli_machine *machine);

#endif
