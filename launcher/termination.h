/* What a container leaves for those who look why it ended: one JSON object.
 * Source: Kubernetes, "Determine the Reason for Pod Failure". */
#ifndef LAUNCHER_TERMINATION_H
#define LAUNCHER_TERMINATION_H

#include "base/error.h"

enum { LAUNCHER_TERMINATION_MAX_BYTES = 4096 }; /* Kubernetes reads no more */

/* Writes {"stage": …, "class": …, "message": …} to path, which is a file that somebody else may
 * have mounted there; a message that is too long is cut. Returns 0, or -1 with an io error. */
int launcher_termination_write(
    const char *path, const char *stage, const struct error *error, struct error **err);

#endif
