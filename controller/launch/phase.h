/* The status of a VMI as a function of its launcher pod: phase and conditions with reasons. */
#ifndef CONTROLLER_LAUNCH_PHASE_H
#define CONTROLLER_LAUNCH_PHASE_H

#include <jansson.h>

/* Why there is no pod yet, for the condition Synchronized. */
struct controller_obstacle {
    const char *reason; /* "MissingDependency", "InvalidAnnotation", "PodCreationFailed" */
    const char *message;
};

/* The status that the VMI should have; pod is its launcher pod, or NULL without one. obstacle is
 * NULL when nothing is in the way of a pod.
 *
 * phase: Pending (no pod), Scheduling (pod not scheduled), Scheduled, Running (compute has started
 * its guest, and all other containers are up), Succeeded (compute has ended with exit status 0),
 * Failed (with another one, or the pod was deleted but not the VMI). It never goes back; once it is
 * Succeeded or Failed, the status no longer changes. The condition Ready says why the guest does
 * not run, and after a failure what hook-launcher reported; PodScheduled is the pod's; Synchronized
 * is False while there is an obstacle, else absent. lastTransitionTime changes only with the status
 * of a condition. nodeName, activePods and phaseTransitionTimestamps are as in KubeVirt; other
 * members are kept.
 *
 * Returns a new reference, equal to the old status if nothing changed. now is in RFC 3339, UTC,
 * whole seconds. */
json_t *controller_phase_status(const json_t *machine, const json_t *pod,
    const struct controller_obstacle *obstacle, const char *now);

#endif
