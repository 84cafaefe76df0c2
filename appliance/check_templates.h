/* Checks the templates of DataVolumes in a VM boilerplate: their names, that volumes use them, and
 * what the disks are made from. */
#ifndef APPLIANCE_CHECK_TEMPLATES_H
#define APPLIANCE_CHECK_TEMPLATES_H

#include "appliance/check_scope.h"

/* Sources: KubeVirt 1.9, its admission of dataVolumeTemplates; CDI, its admission of DataVolumes. */
void appliance_check_templates(const struct appliance_check_scope *scope);

#endif
