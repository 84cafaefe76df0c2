/* Completes an appliance or a golden image: a VirtualMachine with its own identity and secrets, and
 * the objects that it needs. A pure function of the objects and the request. */
#ifndef APPLIANCE_COMPLETE_H
#define APPLIANCE_COMPLETE_H

#include "appliance/objects.h"
#include "appliance/report.h"
#include "appliance/request.h"
#include "appliance/source.h"

/* Reads, checks and completes the DataSource. Errors, warnings and notes go to the report; without
 * errors, out->vm is set. What is missing among the objects is left as their wants: a caller that
 * can read them does so, and completes again with a new report. Returns 0, or -1 with errors.
 * appliance_completion_clear is due either way.
 * Sources: the rules of docs/appliances.md. */
int appliance_complete(const struct appliance_object *data_source,
    struct appliance_objects *objects, const struct appliance_request *request,
    struct appliance_completion *out, struct appliance_report *report);

/* For who checks without completing: adds what a completion finds wrong with instance type and
 * preference, of which those of a namespace are not looked for, and what it says of passwords. */
void appliance_complete_check(const struct appliance_source *source,
    struct appliance_objects *objects, struct appliance_report *report);

/* Wipes what is secret, and frees. */
void appliance_completion_clear(struct appliance_completion *completion);

#endif
