/* Checks a VM boilerplate by itself: its fields, its run strategy, and that its templates, volumes,
 * disks and file systems fit each other. What KubeVirt's admission accepts but cannot run is an
 * error, too. */
#ifndef APPLIANCE_CHECK_H
#define APPLIANCE_CHECK_H

#include <stdbool.h>

#include "appliance/check_source.h"
#include "appliance/source.h"

/* Checks vm, source's boilerplate with its parameters replaced (or not: references are then
 * accepted wherever a string may be, and "${{KEY}}" anywhere). objects have what the disks are made
 * from, for their sizes. Adds everything wrong to the report. */
void appliance_check(const struct appliance_source *source, const json_t *vm,
    struct appliance_objects *objects, struct appliance_report *report);

/* Whether a KubeVirt among the objects has the gate that the run strategy WaitAsReceiver needs; and
 * what is to be said if not. */
bool appliance_check_receives(struct appliance_objects *objects);
extern const char appliance_check_receiver_rule[];

/* Whether one of the errors about a boilerplate, such as a misspelt field, may be why no memory is
 * found in it. */
bool appliance_check_hides_memory(const struct findings *findings);

/* For who checks without completing: whether the guest gets memory by the boilerplate or by an
 * instance type that it or the DataSource's label names; KubeVirt accepts a VM without any, and
 * cannot run it. Adds an error if not, unless one that is there may be why. (A completion may be given an instance type, and looks
 * itself.) */
bool appliance_check_memory(
    const struct appliance_source *source, const json_t *vm, struct appliance_report *report);

#endif
