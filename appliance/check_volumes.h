/* Checks the volumes of a VM boilerplate: names, sources, cloud-init data. */
#ifndef APPLIANCE_CHECK_VOLUMES_H
#define APPLIANCE_CHECK_VOLUMES_H

#include "appliance/check_scope.h"

/* Source: KubeVirt 1.9, its admission of volumes. */
void appliance_check_volumes(const struct appliance_check_scope *scope);

#endif
