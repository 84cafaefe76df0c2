/* Checks the size of a disk: that there is one where it is needed, and that what it is made from is
 * there and fits. */
#ifndef APPLIANCE_CHECK_SIZES_H
#define APPLIANCE_CHECK_SIZES_H

#include "appliance/check_scope.h"

/* Checks the size in spec, that of the template of a DataVolume.
 * Source: CDI, its admission of DataVolumes, and its check of a clone's size. */
void appliance_check_size(
    const struct appliance_check_scope *scope, size_t index, const json_t *spec);

#endif
