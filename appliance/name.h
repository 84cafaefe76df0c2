/* Names of what a VM owns. */
#ifndef APPLIANCE_NAME_H
#define APPLIANCE_NAME_H

#include "appliance/random.h"

/* "{vm}-{part}", cut and hashed as KubeVirt's restore does where it is over 63 bytes: the same for
 * the same input. Owned by the caller.
 * Source: KubeVirt 1.9, storage/snapshot/restore.go; openshift/library-go's naming.GetName. */
char *appliance_name_join(const char *vm, const char *part);

/* "{data source}-{5 characters}", at most 63 bytes. Owned by the caller. */
char *appliance_name_generate(const char *data_source, const struct appliance_random *random);

#endif
