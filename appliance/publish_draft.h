/* A VM being published, and what it is published with. For appliance/publish.c and the files of its
 * parts only. */
#ifndef APPLIANCE_PUBLISH_DRAFT_H
#define APPLIANCE_PUBLISH_DRAFT_H

#include <jansson.h>

#include "appliance/objects.h"
#include "appliance/publish_request.h"
#include "appliance/report.h"

/* All borrowed. */
struct appliance_publish_draft {
    const struct appliance_publish_request *request;
    struct appliance_objects *objects;
    struct appliance_report *report;
    const struct appliance_object *existing; /* the DataSource as it is; NULL: it is not known */
    const struct appliance_object *vm_object; /* NULL: no VM is published */
    const char *vm_namespace; /* the VM's; if its manifest names none, the DataSource's */
    struct findings *findings; /* about the VM */
    json_t *vm; /* its boilerplate, in the making; NULL likewise */
    json_t *parameters; /* array: those that it refers to */
    json_t *owned; /* array: what the DataSource is to own */
    json_t *owned_names; /* object: "KIND/NAME" of each of them */
    json_t *source; /* of the DataSource, if the VM has one: {pvc: {…}} */
};

#endif
