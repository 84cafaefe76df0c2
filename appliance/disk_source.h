/* What a DataSource is about, as a user names it. */
#ifndef APPLIANCE_DISK_SOURCE_H
#define APPLIANCE_DISK_SOURCE_H

#include <jansson.h>

#include "base/error.h"

/* A DataSource's spec.source out of KIND/NAMESPACE/NAME, whose kind is pvc, snapshot or dataSource.
 * New reference, or NULL with an input error. */
json_t *appliance_disk_source_parse(const char *text, struct error **err);

#endif
