/* A virtual machine of the manifests with its instance type and preference applied, from the same
 * manifests or the catalogue. */
#ifndef CLI_EXPANSION_H
#define CLI_EXPANSION_H

#include "cli/manifest.h"
#include "machine/expansion.h"

/* Zeroed is empty. Not to be copied. */
struct cli_expansion {
    struct machine_expansion machine;
    json_t *value; /* the whole object; owned */
    struct cli_object object; /* the one that was given, but for its value and its origins */
};

/* Whether objects of a kind may refer to an instance type or preference: a VM, a pool of them. */
bool cli_expansion_is_for(enum cli_kind kind);

/* Applies to an object what it refers to, and sets out->object; an object of another kind stays as
 * it is. Errors and warnings go to the report. Returns 0, or -1 when there are errors.
 * cli_expansion_clear is due either way; manifest and object are borrowed until then. */
int cli_expansion_make(struct cli_expansion *out, struct cli_manifest *manifest,
    const struct cli_object *object, enum machine_purpose purpose, struct cli_report *report);
void cli_expansion_clear(struct cli_expansion *expansion);

#endif
