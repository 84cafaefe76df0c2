/* Which sidecars a collection lacks or has too many of, in words. */
#ifndef MANAGER_SHORTFALL_H
#define MANAGER_SHORTFALL_H

#include "manager/container.h"

/* Sets the deadline's error: which sidecars came, which are missing, and why. */
int manager_shortfall_late(struct manager_collection *collection, struct error **err);

/* Sets an input error when more sidecars listen than are expected. Returns 0 or -1. */
int manager_shortfall_check_surplus(
    const struct manager_collection *collection, struct error **err);

#endif
