/* A disk for metrics in the format of vhostmd, which guests read with vm-dump-metrics. */
#ifndef GUEST_METRICS_H
#define GUEST_METRICS_H

#include "base/error.h"

/* Creates the disk at path, without metrics. Returns 0, or -1 with an io error.
 * Source: vhostmd, README, "Content Format". */
int guest_metrics_make(const char *path, struct error **err);

#endif
