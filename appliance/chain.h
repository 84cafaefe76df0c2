/* What the disk of a DataSource is made from: a chain of DataSources to a claim or a snapshot. */
#ifndef APPLIANCE_CHAIN_H
#define APPLIANCE_CHAIN_H

#include "appliance/objects.h"

enum appliance_chain_end {
    APPLIANCE_CHAIN_FOUND, /* last is the claim or snapshot */
    APPLIANCE_CHAIN_MISSING, /* last is not among the objects */
    APPLIANCE_CHAIN_OPEN, /* last is a DataSource that has no source, or several */
    APPLIANCE_CHAIN_CIRCLE, /* last is a DataSource that was there before */
    APPLIANCE_CHAIN_LONG, /* there are more than APPLIANCE_CHAIN_MAX */
};

enum { APPLIANCE_CHAIN_MAX = 16 }; /* DataSources */

/* All borrowed from the objects. */
struct appliance_chain {
    enum appliance_chain_end end;
    enum appliance_kind kind; /* of last */
    const char *namespace;
    const char *name;
    const struct appliance_object *last; /* NULL: missing */
    size_t links; /* DataSources that were gone through */
};

/* Follows the chain that begins with the DataSource of that name, and wants what is missing.
 * Source: CDI, DataSourceSource: a claim, a snapshot, or another DataSource. */
void appliance_chain_follow(struct appliance_objects *objects, const char *namespace,
    const char *name, struct appliance_chain *out);

/* What is wrong with a chain: "there is no …", "leads in a circle: …"; NULL: nothing, or nobody has
 * said. *certain is false if the end could only not be read. Owned by the caller. */
char *appliance_chain_fault(
    const struct appliance_objects *objects, const struct appliance_chain *chain, bool *certain);

/* The member of a DataSource's source: "pvc", "snapshot" or "dataSource"; NULL if it has none or
 * several. Static. */
const char *appliance_chain_member(const json_t *source, enum appliance_kind *kind);

/* The size of a claim or a snapshot; NULL: it has none. Borrowed. */
const json_t *appliance_chain_size(const struct appliance_object *object);

#endif
