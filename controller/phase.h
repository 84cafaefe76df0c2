/* The status of a VMI as a function of its launcher pod: phase and conditions with reasons. */
#ifndef CONTROLLER_PHASE_H
#define CONTROLLER_PHASE_H

#include <jansson.h>

/* Why there is no pod yet, for the condition; NULL: there is nothing in the way. */
struct controller_obstacle {
    const char *reason; /* "MissingDependency", "InvalidAnnotation", "PodCreationFailed" */
    const char *message;
};

/* The status that the VMI should have: Pending (no pod), Scheduling (pod not scheduled), Scheduled,
 * Running (compute is ready), Succeeded, Failed; the phase never goes back. Conditions: "Ready",
 * "PodScheduled", "Synchronized" (obstacles); each with lastTransitionTime kept while its status
 * stays. pod NULL: none. Other members of status are kept. Returns a new reference, equal to the
 * old status when nothing is to be written. now is RFC 3339. */
json_t *controller_phase_status(const json_t *machine, const json_t *pod,
    const struct controller_obstacle *obstacle, const char *now);

#endif
