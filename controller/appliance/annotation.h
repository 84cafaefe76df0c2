/* The annotations of appliances that the controller reads and writes: which DataSource a VM is
 * completed from, and what was allowed. */
#ifndef CONTROLLER_APPLIANCE_ANNOTATION_H
#define CONTROLLER_APPLIANCE_ANNOTATION_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/source.h"
#include "base/error.h"

/* Of a VM. */
#define CONTROLLER_APPLIANCE_FROM APPLIANCE_PREFIX "from"
#define CONTROLLER_APPLIANCE_OTHER_FROM APPLIANCE_OTHER_PREFIX "from"
#define CONTROLLER_APPLIANCE_AUTHORIZATION APPLIANCE_PREFIX "authorization"
#define CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION APPLIANCE_OTHER_PREFIX "authorization"
/* Of a DataSource. */
#define CONTROLLER_APPLIANCE_VM APPLIANCE_PREFIX "vm-spec"
#define CONTROLLER_APPLIANCE_OTHER_VM APPLIANCE_OTHER_PREFIX "vm-spec"
#define CONTROLLER_APPLIANCE_PARAMETERS APPLIANCE_PREFIX "parameters"
#define CONTROLLER_APPLIANCE_OTHER_PARAMETERS APPLIANCE_OTHER_PREFIX "parameters"

/* The label that completed VMs have. */
#define CONTROLLER_APPLIANCE_LABEL APPLIANCE_PREFIX "name"

/* An annotation that may stand under two keys. */
struct controller_annotation {
    const char *key; /* under which it was found; static; NULL: under neither */
    const char *text; /* borrowed; NULL: there is none */
};

/* Finds the annotation key or other of an object's annotations. Returns 0, or -1 with an input
 * error if it stands under both keys or is not a string. */
int controller_annotation_find(const json_t *annotations, const char *key, const char *other,
    struct controller_annotation *out, struct error **err);

/* Reads "NAMESPACE/NAME", or "NAME" in otherwise, of a DataSource. Returns 0 with both owned by the
 * caller, or -1 with an input error that says what it must be. */
int controller_annotation_read_from(
    const char *text, const char *otherwise, char **namespace, char **name, struct error **err);

/* Whether a VM is complete, as hookctl appliance create makes it, which has the annotation from, too:
 * it has the label, and its template is not empty. */
bool controller_annotation_is_complete(const json_t *vm);

#endif
