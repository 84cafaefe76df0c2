/* Names of what a VM owns, and of what gives rights to clone its disks. */
#ifndef APPLIANCE_NAME_H
#define APPLIANCE_NAME_H

#include "appliance/random.h"

/* "{vm}-{part}", cut and hashed as KubeVirt's restore does where it is over 63 bytes: the same for
 * the same input. Owned by the caller.
 * Source: KubeVirt 1.9, storage/snapshot/restore.go; openshift/library-go's naming.GetName. */
char *appliance_name_join(const char *vm, const char *part);

/* "{data source}-{5 characters}", at most 63 bytes. Owned by the caller. */
char *appliance_name_generate(const char *data_source, const struct appliance_random *random);

/* The Role that gives the right to clone disks of its namespace, by the name that all messages and
 * objects of ours use. */
#define APPLIANCE_CLONE_ROLE "appliance-clone"

/* The name of its RoleBinding for one subject, that of another subject being another: a service
 * account, "appliance-clone.NAMESPACE.NAME", or a user (namespace NULL), "appliance-clone-user.NAME",
 * whose characters other than lowercase letters, digits, dots and dashes become dashes. Owned by the
 * caller. */
char *appliance_name_clone_binding(const char *namespace, const char *name);

#endif
