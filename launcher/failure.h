/* Reports why a launch failed: in the last line of the log, and in the termination log, which
 * Kubernetes shows in the status of the terminated container. */
#ifndef LAUNCHER_FAILURE_H
#define LAUNCHER_FAILURE_H

#include "launcher/flags.h"

enum { LAUNCHER_TERMINATION_MAX_BYTES = 4096 }; /* Kubernetes reads no more */

/* Logs the error with its class and the stage that failed, and writes {"stage": …, "class": …,
 * "message": …} to the termination log, truncating a message that is too long. Returns the exit
 * status.
 * Source: Kubernetes, "Determine the Reason for Pod Failure". */
int launcher_failure_report(
    const struct launcher_flags *flags, const char *stage, const struct error *error);

#endif
