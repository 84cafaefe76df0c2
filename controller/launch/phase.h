/* The status of a VMI as a function of its launcher pod: phase and conditions with reasons. */
#ifndef CONTROLLER_LAUNCH_PHASE_H
#define CONTROLLER_LAUNCH_PHASE_H

#include <jansson.h>

/* Why there is no pod yet, for the condition; NULL: there is nothing in the way. */
struct controller_obstacle {
    const char *reason; /* "MissingDependency", "InvalidAnnotation", "PodCreationFailed" */
    const char *message;
};

/* The status that the VMI should have, with pod, its launcher pod, or NULL: it has none.
 *
 * phase: Pending (no pod), Scheduling (pod not scheduled), Scheduled, Running (compute has
 * started its guest, and no container beside it is still to come), Succeeded (compute has ended
 * with exit status 0), Failed (with another one, or the pod was deleted though the VMI was not). It
 * never goes back; once it is Succeeded or Failed, nothing of the status changes any more. The
 * condition Ready says why the guest does not run, and after a failure what hook-launcher said at
 * its end; PodScheduled is the pod's; Synchronized is False while there is an obstacle, else not
 * there. Each has lastTransitionTime kept while its status stays. nodeName, activePods and
 * phaseTransitionTimestamps are as KubeVirt's; other members are kept.
 *
 * Returns a new reference, equal to the old status when nothing is to be written. now is RFC 3339,
 * in UTC, in whole seconds. */
json_t *controller_phase_status(const json_t *machine, const json_t *pod,
    const struct controller_obstacle *obstacle, const char *now);

#endif
