/* A VirtualMachine as an appliance: a DataSource with the VM's boilerplate in its annotation, and
 * what the DataSource owns. */
#ifndef APPLIANCE_PUBLISH_H
#define APPLIANCE_PUBLISH_H

#include <jansson.h>

#include "appliance/objects.h"
#include "appliance/publish_request.h"
#include "appliance/report.h"

/* All owned. Zeroed is empty. */
struct appliance_publication {
    json_t *data_source; /* NULL: there were errors */
    json_t *owned; /* array: claims, ConfigMaps and Secrets that it owns */
};

/* Publishes a VM (NULL: the DataSource is there already; only what it owns is put right). Its
 * claims, Secrets and ConfigMaps come from objects, as far as they are there, and so does the
 * DataSource itself: what it has stays. What it owns refers to it with its uid, if that is known;
 * without, to nothing yet, with a warning (an error where a reference without uid is there already).
 * Errors and warnings go to the report. Returns 0, or -1 with errors. appliance_publication_clear is
 * due either way. */
int appliance_publish(const struct appliance_object *vm, struct appliance_objects *objects,
    const struct appliance_publish_request *request, struct appliance_publication *out,
    struct appliance_report *report);

void appliance_publication_clear(struct appliance_publication *publication);

#endif
