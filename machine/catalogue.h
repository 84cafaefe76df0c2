/* The common cluster instance types and preferences that KubeVirt 1.9 installs, for VMs that refer
 * to one without its object at hand. The table is generated: make tables. */
#ifndef MACHINE_CATALOGUE_H
#define MACHINE_CATALOGUE_H

#include <jansson.h>

struct machine_catalogue_entry {
    const char *name;
    const char *spec; /* of the object: YAML, a line for each member */
};

/* Sorted by name; the last entry has no name. */
extern const struct machine_catalogue_entry machine_catalogue_instancetypes[];
extern const struct machine_catalogue_entry machine_catalogue_preferences[];

/* Returns {"spec": …} of the entry of that name, a new reference, or NULL. */
json_t *machine_catalogue_find(const struct machine_catalogue_entry *entries, const char *name);

#endif
