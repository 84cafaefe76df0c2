/* Checks the disks, file systems and interfaces of a VM boilerplate, and that volumes and networks
 * fit them. */
#ifndef APPLIANCE_CHECK_DEVICES_H
#define APPLIANCE_CHECK_DEVICES_H

#include "appliance/check_scope.h"

/* Source: KubeVirt 1.9, its admission of disks, file systems and networks. */
void appliance_check_disks(const struct appliance_check_scope *scope);
void appliance_check_filesystems(const struct appliance_check_scope *scope);
void appliance_check_interfaces(const struct appliance_check_scope *scope, const json_t *vm);

#endif
