/* A VirtualMachine as another one beside it, without a cluster: its disks are copies of the VM's. */
#ifndef APPLIANCE_COPY_H
#define APPLIANCE_COPY_H

#include <jansson.h>

#include "appliance/objects.h"
#include "appliance/report.h"

/* A VM called name in the namespace of vm: without what identifies that one, with disks called
 * "{name}-{volume}" that are copied from its claims. What several VMs can use at once
 * (ReadWriteMany, ReadOnlyMany) and file systems are shared. Claims and Secrets come from objects, as
 * far as they are there: a Secret with user data is copied as "{name}-{volume}"; another that is
 * referred to is shared, with a warning. *needed gets an array of the objects that the VM needs, new
 * reference. Returns a new reference, or NULL with errors in the report. */
json_t *appliance_copy_make(const struct appliance_object *vm, const char *name,
    struct appliance_objects *objects, json_t **needed, struct appliance_report *report);

#endif
