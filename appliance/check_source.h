/* Checks a DataSource as the source of disks. */
#ifndef APPLIANCE_CHECK_SOURCE_H
#define APPLIANCE_CHECK_SOURCE_H

#include "appliance/source.h"

/* Checks the DataSource itself: its name and labels, its source (that it exists, is ready, and that
 * no chain of DataSources is a circle), its owned claims' references. Whether the instance type and
 * preference of its labels exist is found out when it is completed.
 * Sources: CDI, DataSourceSpec; Kubernetes, labels and owner references. */
void appliance_check_source(const struct appliance_source *source,
    struct appliance_objects *objects, struct appliance_report *report);

/* Checks what needs no other object, of a DataSource that an API server takes: its name and labels,
 * and that it has at most one source; CDI fills in one that has none yet. */
void appliance_check_source_form(
    const struct appliance_source *source, struct appliance_report *report);

#endif
