/* The virtual machine whose hooks are run: its object in the manifests, its sidecars, and the pod
 * that they make. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include <jansson.h>

#include "annotations/sidecar.h"
#include "cli/command.h"
#include "cli/manifest.h"

/* All of it is owned, but for object, which belongs to the manifest. Zeroed is empty. */
struct cli_machine {
    struct cli_manifest manifest;
    const struct cli_object *object;
    struct annotations_list *list;
    json_t *vmi;
    json_t *pod; /* a minimal launcher pod with the sidecars in it */
};

/* Loads the manifests of -f and renders the one machine among them, or that called name (NULL:
 * any). annotation_key is the one annotation to look at, or NULL. What is wrong with manifests and
 * annotation goes to the report. Returns 0; or -1 with an error, and without one when there are
 * errors in the report. */
int cli_machine_load(struct cli_machine *machine, const struct cli_arguments *arguments,
    const char *name, const char *annotation_key, struct cli_report *report, struct error **err);

/* The container of the sidecar at an index of the list. Borrowed. */
const json_t *cli_machine_container(const struct cli_machine *machine, size_t index);

/* The names of those containers, machine->list->count of them. Array owned by the caller, names
 * borrowed. */
const char **cli_machine_sidecar_names(const struct cli_machine *machine);

void cli_machine_clear(struct cli_machine *machine);

#endif
