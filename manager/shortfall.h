/* Error messages for a collection with too few or too many sidecars. */
#ifndef MANAGER_SHORTFALL_H
#define MANAGER_SHORTFALL_H

#include "manager/container.h"

/* Sets the timeout error: which sidecars answered, which are missing, and why. Returns -1. */
int manager_shortfall_late(struct manager_collection *collection, struct error **err);

/* Sets an input error when more sidecars listen than expected. Returns 0 or -1. */
int manager_shortfall_check_surplus(
    const struct manager_collection *collection, struct error **err);

#endif
