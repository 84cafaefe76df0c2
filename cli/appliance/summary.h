/* What an appliance is, in short: its parameters, its disks with their sizes, its instance type and
 * preference, what it owns, and the rights that cloning it needs. */
#ifndef CLI_APPLIANCE_SUMMARY_H
#define CLI_APPLIANCE_SUMMARY_H

#include <jansson.h>

#include "appliance/source.h"

/* {"dataSource": {"namespace", "name"}, "kind": "appliance" or "golden image", "instancetype" and
 * "preference": {"name", "kind", "inferFromVolume", "label"} or absent, "runStrategy", "parameters":
 * [{"name", …}], "disks": [{"name", "type", "size", "from"}], "owned": [{"kind", "name"}], "rights":
 * [{"namespace", "verb", "resource"}]}. Members without a value are left out. New reference. */
json_t *cli_summary_make(const struct appliance_source *source, struct appliance_objects *objects);

#endif
