/* The input of a launch: the VMI, as the file has it and as the hooks get it, and the list of its
 * sidecars. */
#ifndef LAUNCHER_INPUT_H
#define LAUNCHER_INPUT_H

#include "annotations/sidecar.h"
#include "base/finding.h"
#include "base/yaml.h"
#include "launcher/flags.h"
#include "machine/expansion.h"

/* All of it is owned unless noted. Zeroed means empty. Not to be copied. */
struct launcher_input {
    const char *name; /* of the file; borrowed from the flags */
    struct yaml_stream stream;
    const struct yaml_document *document; /* the one with the VMI or VM, in the stream */
    char *pointer; /* of that in the document: "", or an item of a List */
    const char *template; /* the VMI in that: "", or the template of a VirtualMachine; static */
    struct machine_known known; /* the other objects in the file */
    struct machine_expansion expansion; /* of a VirtualMachine */
    json_t *vmi;
    char *text; /* the VMI as JSON */
    struct annotations_list *list; /* NULL: no annotation */
};

/* Reads the one VirtualMachineInstance or VirtualMachine in the file; a List counts as its items.
 * The instance type and preference of a VirtualMachine are applied: from the file, or from the
 * catalogue; other objects are skipped. Warnings are logged. Returns 0, or -1 with an error; call
 * launcher_input_clear either way. */
int launcher_input_read(
    struct launcher_input *input, const struct launcher_flags *flags, struct error **err);
void launcher_input_clear(struct launcher_input *input);

/* Reports findings about the VMI with their places in the file: logs the warnings. Returns 0, or -1
 * with one input error that lists all errors. */
int launcher_input_report(
    const struct launcher_input *input, const struct findings *findings, struct error **err);

#endif
